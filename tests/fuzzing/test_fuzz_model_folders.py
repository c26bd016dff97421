"""Model folders as they come from others."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from hostile import CASES, FUZZ, NAMES, mutated, read_or_refused, texts
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

import tune_dml
from tune_dml.models.description import ModelDescription, read_description
from tune_dml.models.encoder import EncoderBundle
from tune_dml.models.folder import read_readout, save_model
from tune_dml.models.readouts import READOUT_SPECS, FittedReadout
from tune_dml.recipe import Configuration

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

#: Loading an encoder takes a hundred times as long as reading what describes it, so its own files get fewer cases.
ENCODER_CASES = CASES // 20
DIMENSION = 16
_ARRAYS = {"coefficients": np.eye(2, DIMENSION, dtype=np.float32), "intercepts": np.zeros(2, dtype=np.float32)}
_WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "good", "bad", "film")
_VALUES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 10**12, 10**400, 1.5, float("nan"), float("inf"), "", "all", "float32", "pair",
    *READOUT_SPECS, [], ["a", "a"], ["a", "b", "c"], [1, 2], [["a"], "b"], {}, {"a": 1},
    {"temperature": "x"}, {"beta": []}, {"pair_encoding": "towers"}, {"averaged_layers": 10**9}, {"loss": ["ce"]},
    {"lr": 10**400}, *NAMES,
)  # fmt: skip


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of a few numbers, and a pickle beside it that leaves a trace when it is opened."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models") / "model"
    config = BertConfig(
        vocab_size=len(_WORDS),
        hidden_size=DIMENSION,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=DIMENSION,
        max_position_embeddings=16,
    )
    encoder = BertModel(config, add_pooling_layer=False)
    state = {name: tensor.numpy() for name, tensor in encoder.state_dict().items()}
    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(_WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    names = {f"{word[1:-1].lower()}_token": word for word in _WORDS[:5]}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=16, **names)
    about = ModelDescription(
        "mine", "single", ("bad", "good"), "mean", 16, "float32", "logistic", {}, Configuration().to_dict()
    )
    bundle = EncoderBundle("tiny", "0", config.to_json_string(use_diff=False), state)
    save_model(folder, about, bundle, state, FittedReadout("logistic", _ARRAYS), tokenizer)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(_Trace(str(folder.parent / "opened"))))
    assert len(tune_dml.load(folder, "cpu").predict(["a good film", "bad"])) == 2
    return folder


class _Trace:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (self.path,)


def description(values: dict[str, Any], random: Random) -> bytes:
    """A description with some values replaced, removed or added, at the top or below ``config``."""
    values = json.loads(json.dumps(values))
    for _ in range(random.randint(1, 3)):
        place = random.choice((values, values, values["config"] if isinstance(values.get("config"), dict) else values))
        name = random.choice((*place, "extra"))
        if random.random() < 0.15:
            place.pop(name, None)
        else:
            place[name] = random.choice(_VALUES)
    return json.dumps(values, ensure_ascii=random.random() < 0.9).encode("utf-8", "surrogatepass")


def arrays(random: Random) -> bytes:
    """Arrays of other names, shapes and types than the read-out has."""
    kinds = (np.float32, np.float32, np.float64, np.float16, np.int64, np.uint8, np.bool_)
    shapes = ((), (0,), (1,), (2,), (2, DIMENSION), (3, DIMENSION), (2, 0), (2, 3, DIMENSION))
    names = (
        "coefficients",
        "intercepts",
        "weight",
        "bias",
        "projection.weight",
        "projection.bias",
        "x",
        "vectors",
        "labels",
    )
    fills = (0, 1, -1, np.nan, np.inf, 1e38)
    with np.errstate(all="ignore"):
        content = {
            name: np.full(random.choice(shapes), random.choice(fills)).astype(random.choice(kinds))
            for name in random.sample(names, random.randint(0, 4))
        }
    return save({**_ARRAYS, **content} if random.random() < 0.5 else content)


def seeded(make: Any, *given: Any) -> st.SearchStrategy[bytes]:
    return st.integers(0, 2**32).map(lambda seed: make(*given, Random(seed)))


def _files(good: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in good.iterdir() if path.is_file()}


def test_a_description_and_its_read_out_are_read_or_refused_in_a_sentence(good: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    before = _files(good)
    about, readout = before["tune_dml.json"], before["readout.safetensors"]

    @FUZZ
    @given(
        described=st.just(about) | seeded(description, json.loads(about)) | mutated([about]) | st.binary(max_size=40),
        held=st.just(readout) | seeded(arrays) | mutated([readout]) | st.binary(max_size=40),
    )
    def check(described: bytes, held: bytes) -> None:
        (folder / "tune_dml.json").write_bytes(described)
        (folder / "readout.safetensors").write_bytes(held)
        found = read_or_refused(tmp_path, lambda: read_description(folder))
        if found is not None:
            assert "".join((*found.label_names, found.task)).encode()
            read_or_refused(tmp_path, lambda: read_readout(folder, found, DIMENSION))

    check()


def test_an_encoder_is_loaded_and_used_or_refused_in_a_sentence(good: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    before = _files(good)
    names = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "tune_dml.json")
    config = json.loads(before["config.json"])
    header = 8 + int.from_bytes(before["model.safetensors"][:8], "little")

    @settings(FUZZ, max_examples=ENCODER_CASES)
    @given(
        accident=st.sampled_from(names).flatmap(
            lambda name: st.tuples(
                st.just(name),
                seeded(description, config | {"config": {}})
                if name == "config.json"
                else mutated([before[name][:header]]).map(lambda head: head + before[name][header:])
                if name == "model.safetensors"
                else seeded(description, json.loads(before[name])) | mutated([before[name]]),
            )
        )
    )
    def check(accident: tuple[str, bytes]) -> None:
        for name, content in {**before, accident[0]: accident[1]}.items():
            (folder / name).write_bytes(content)
        read_or_refused(tmp_path, lambda: tune_dml.load(folder, "cpu").predict(["a good film", "", "[MASK] \ud800"]))
        assert not (good.parent / "opened").exists()

    check()


@settings(FUZZ, max_examples=CASES // 4)
@given(name=texts())
def test_names_of_folders_lead_to_a_model_or_to_a_sentence(good: Path, name: str) -> None:
    found = read_or_refused(good.parent, lambda: tune_dml.load(f"{good.parent}/{name}"))
    assert found is None or len(found.label_names) >= 2
