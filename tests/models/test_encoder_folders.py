"""Encoder folders that are damaged or partial: each is refused in a sentence that names what mends it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from encoder_zoo import FAMILIES, make_encoder, rewrite_config
from safetensors.numpy import load_file, save_file
from transformers.convert_slow_tokenizer import import_protobuf

from tune_dml.checks.encoder_check import check_encoder
from tune_dml.errors import ModelError
from tune_dml.models.encoder import load_bundle, load_tokenizer
from tune_dml.models.encoder_source import EncoderSource, find_encoder

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 4096\n"
WEIGHTS = "model.safetensors"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_encoder(tmp_path / "encoder", FAMILIES["BERT"])


def loaded(folder: Path) -> None:
    load_bundle(find_encoder(str(folder)))
    load_tokenizer(folder)


def sentencepiece(path: Path) -> None:
    model = import_protobuf().ModelProto()
    for number, (text, kind) in enumerate([("<pad>", 3), ("</s>", 3), ("<unk>", 2), ("▁a", 1), ("▁film", 1)]):
        piece = model.pieces.add()
        piece.piece, piece.score, piece.type = text, -float(number), kind
    path.write_bytes(model.SerializeToString())


def without_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()


def only_sentencepiece(folder: Path) -> None:
    without_tokenizer(folder)
    rewrite_config(folder, model_type="t5")
    sentencepiece(folder / "spiece.model")


def only_tiktoken(folder: Path) -> None:
    without_tokenizer(folder)
    rewrite_config(folder, model_type="llama")
    (folder / "tokenizer.model").write_bytes(b"IQ== 0\nIg== 1\n")


def in_two_parts(folder: Path, missing: bool = True) -> None:
    state = load_file(folder / WEIGHTS)
    names = sorted(state)
    halves = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for file, half in halves.items():
        save_file({name: state[name] for name in half}, folder / file, {"format": "pt"})
    where = {name: file for file, half in halves.items() for name in half}
    (folder / f"{WEIGHTS}.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))
    (folder / WEIGHTS).unlink()
    if missing:
        (folder / "model-00002-of-00002.safetensors").unlink()


def adapter_alone(folder: Path) -> None:
    (folder / WEIGHTS).rename(folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text("{}")


def adapter_beside(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}")


def cut(folder: Path, size: int) -> None:
    weights = folder / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:size])


def pickled(folder: Path) -> None:
    (folder / WEIGHTS).rename(folder / "pytorch_model.bin")


CASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "weights are a pointer": (lambda f: (f / WEIGHTS).write_text(POINTER), "Git LFS pointer.*git lfs pull"),
    "tokenizer is a pointer": (lambda f: (f / "tokenizer.json").write_text(POINTER), "tokenizer.json is a Git LFS"),
    "config is a pointer": (lambda f: (f / "config.json").write_text(POINTER), "config.json is a Git LFS pointer"),
    "weights are cut short": (lambda f: cut(f, -100), r"model.safetensors is cut short: \d+ bytes of \d+; copy or"),
    "weights end in the header": (lambda f: cut(f, 50), "is cut short: 50 bytes of more than"),
    "weights end at once": (lambda f: cut(f, 5), "is cut short: 5 bytes"),
    "weights are empty": (lambda f: cut(f, 0), "model.safetensors is empty"),
    "weights are a page": (lambda f: (f / WEIGHTS).write_text("<html>" * 9), "is no safetensors file"),
    "weights are a pickle": (pickled, "Convert others: .* save_pretrained"),
    "a part is missing": (in_two_parts, r"1 of the 2 files of its weights is missing \(model-00002-of"),
    "only an adapter": (adapter_alone, "holds an adapter without its encoder .*merge_and_unload"),
    "an adapter beside weights": (adapter_beside, "adapter beside whole weights, .*merge_and_unload.* or, if"),
    "no family": (lambda f: rewrite_config(f, model_type=None), "a BertModel; add its model_type, such as"),
    "no tokenizer": (without_tokenizer, "it has no vocabulary; copy the tokenizer's files"),
    "no vocabulary": (lambda f: (f / "tokenizer.json").unlink(), "neither a tokenizer.json nor a vocabulary; copy"),
    "tokenizer is damaged": (lambda f: (f / "tokenizer.json").write_text("{"), "cannot be loaded: .*; copy the"),
    "code of its own": (
        lambda f: rewrite_config(f, model_type="unheard_of", auto_map={"AutoModel": "own.Own"}),
        r"code of its own \(model_type unheard_of\), which is never run",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_damaged_folders_are_named_with_their_cure(folder: Path, case: str) -> None:
    damage, says = CASES[case]
    loaded(folder)
    damage(folder)
    with pytest.raises(ModelError, match=says):
        loaded(folder)
    source, check = check_encoder(str(folder))
    assert source is None
    assert not check.ok
    assert check.mend != "See --debug."


@pytest.mark.parametrize("package", ["sentencepiece", "tiktoken"])
def test_a_package_that_the_tokenizer_needs_is_named(folder: Path, package: str) -> None:
    {"sentencepiece": only_sentencepiece, "tiktoken": only_tiktoken}[package](folder)
    try:
        __import__(package)
    except ImportError:
        with pytest.raises(ModelError, match=f"needs the package {package}, .*pip install {package}"):
            load_tokenizer(folder)
    else:
        pytest.skip(f"{package} is installed")


@pytest.mark.parametrize(
    "config",
    [
        {"return_dict": False, "output_hidden_states": True, "output_attentions": True},
        {"attn_implementation": "flash_attention_2"},
        {"_attn_implementation": "flash_attention_2"},
        {"hidden_layer_size": 768},
    ],
)
def test_what_an_encoder_was_once_run_with_is_no_property_of_it(folder: Path, config: dict[str, Any]) -> None:
    usual = load_bundle(find_encoder(str(folder)))
    rewrite_config(folder, **config)
    found = load_bundle(find_encoder(str(folder)))
    assert found.facts == usual.facts
    assert not {"return_dict", "output_hidden_states", "output_attentions"} & {
        name for name, value in json.loads(found.config).items() if value is (name != "return_dict")
    }


def test_weights_in_parts_are_read(folder: Path) -> None:
    whole = load_bundle(find_encoder(str(folder)))
    in_two_parts(folder, missing=False)
    assert load_bundle(find_encoder(str(folder))).state.keys() == whole.state.keys()


def test_headers_of_damaged_weights_are_no_foreign_error(folder: Path) -> None:
    (folder / WEIGHTS).write_text(POINTER)
    with pytest.raises(ModelError, match="cannot be loaded"):
        _ = EncoderSource("x", folder).parameters


@pytest.mark.parametrize(
    ("config", "says"),
    [({"max_position_embeddings": 2}, "its positions allow 2 tokens"), ({"vocab_size": 40}, "has token")],
)
def test_doctor_refuses_what_a_search_would(tmp_path: Path, config: dict[str, int], says: str) -> None:
    rows = config.pop("vocab_size", None)
    made = make_encoder(tmp_path / "encoder", FAMILIES["BERT"], rows=rows, **config)
    _, check = check_encoder(str(made))
    assert says in check.says
    assert check.mend != "See --debug."
