"""What folders of sentence-transformers, of any version, say of themselves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tune_dml.errors import ModelError
from tune_dml.models.encoder_source import find_encoder
from tune_dml.models.sentence_modules import Manners, read_manners

OLD, NEW = "sentence_transformers.models", "sentence_transformers.sentence_transformer.modules"


def _write(folder: Path, kinds: list[str], **files: Any) -> Path:
    modules = [
        {"idx": i, "name": str(i), "path": f"{i}_{kind.rpartition('.')[2]}" if i else "", "type": kind}
        for i, kind in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    if any(kind.endswith(".Pooling") for kind in kinds):
        files = {"pooling": {"pooling_mode": "mean"}} | files
    for name, content in files.items():
        file = folder / {"pooling": "1_Pooling/config.json", "prompts": "config_sentence_transformers.json"}.get(
            name, f"sentence_{name}_config.json"
        )
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(content))
    return folder


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, ("cls", "cls")),
        ({"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}, ("mean", "mean")),
        ({"pooling_mode_lasttoken": True, "pooling_mode_mean_tokens": False}, ("last_token", "lasttoken")),
        ({"pooling_mode_max_tokens": True}, (None, "max")),
        ({"pooling_mode_weightedmean_tokens": True}, (None, "weightedmean")),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}, (None, "cls+mean")),
        ({"pooling_mode": "cls", "embedding_dimension": 8}, ("cls", "cls")),
        ({"pooling_mode": "lasttoken"}, ("last_token", "lasttoken")),
        ({"pooling_mode": ["mean"]}, ("mean", "mean")),
        ({"pooling_mode": ["cls", "max"]}, (None, "cls+max")),
        ({}, ("mean", "mean")),
    ],
)
@pytest.mark.parametrize("place", [OLD, NEW])
def test_pooling(tmp_path: Path, pooling: dict[str, Any], expected: tuple[str | None, str], place: str) -> None:
    manners = read_manners(_write(tmp_path, [f"{place}.Transformer", f"{place}.Pooling"], pooling=pooling))
    assert manners is not None
    assert (manners.representation, manners.pooling) == expected


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        ({"prompts": {"query": "query: ", "passage": "passage: "}, "default_prompt_name": "passage"}, "passage: "),
        ({"prompts": {"query": "query: ", "classification": "Classify: "}, "default_prompt_name": None}, "Classify: "),
        ({"prompts": {"query": "query: ", "passage": "passage: "}}, "query: "),
        ({"prompts": {"document": "", "query": ""}, "default_prompt_name": None}, ""),
        ({"prompts": {"query": "query: "}, "default_prompt_name": "gone"}, ""),
        ({"prompts": {"passage": "passage: "}}, ""),
        ({"prompts": None}, ""),
        ({"__version__": {"sentence_transformers": "2.0.0"}}, ""),
    ],
)
def test_prompts(tmp_path: Path, prompts: dict[str, Any], expected: str) -> None:
    manners = read_manners(_write(tmp_path, [f"{OLD}.Transformer", f"{OLD}.Pooling"], prompts=prompts))
    assert manners is not None
    assert manners.prefix == expected


def test_vectors_without_the_prompts_tokens_take_no_prefix(tmp_path: Path) -> None:
    pooling = {"pooling_mode": "mean", "include_prompt": False}
    kinds = [f"{NEW}.Transformer", f"{NEW}.Pooling"]
    manners = read_manners(_write(tmp_path, kinds, pooling=pooling, prompts={"prompts": {"query": "q: "}}))
    assert manners is not None
    assert manners.prefix == ""
    assert "prompt 'q: ' is left out" in manners.unused


def test_a_default_prompt_that_there_is_not_is_named(tmp_path: Path) -> None:
    prompts = {"prompts": {"query": "query: "}, "default_prompt_name": "gone"}
    manners = read_manners(_write(tmp_path, [f"{OLD}.Transformer", f"{OLD}.Pooling"], prompts=prompts))
    assert manners is not None
    assert manners.unused == "its default prompt 'gone' is none that its files have"


def test_lengths_and_modules_that_are_left_out(tmp_path: Path) -> None:
    kinds = [f"{OLD}.Transformer", f"{OLD}.Pooling", f"{OLD}.Dense", f"{OLD}.Normalize"]
    roberta = _write(tmp_path, kinds, roberta={"max_seq_length": 96, "do_lower_case": False})
    assert read_manners(roberta) == Manners("mean", "mean", "", 96, ("Dense",))


def test_lower_case_is_noticed(tmp_path: Path) -> None:
    folder = _write(
        tmp_path, [f"{OLD}.Transformer", f"{OLD}.Pooling"], bert={"max_seq_length": 64, "do_lower_case": True}
    )
    manners = read_manners(folder)
    assert manners is not None
    assert manners.lower


def test_the_embedded_encoders() -> None:
    mini, tiny = (find_encoder(name).folder for name in ("all-MiniLM-L6-v2", "bert-tiny"))
    assert mini is not None
    assert tiny is not None
    assert read_manners(mini) == Manners("mean", "mean", "", 256, ())
    assert read_manners(tiny) is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("modules.json", "{"),
        ("modules.json", "{}"),
        ("modules.json", "[1]"),
        ("modules.json", "[" * 100_000),
        ("1_Pooling/config.json", "[]"),
        ("1_Pooling/config.json", '{"pooling_mode": 3}'),
        ("config_sentence_transformers.json", "no"),
    ],
)
def test_damaged_files_are_sentences(tmp_path: Path, name: str, content: str) -> None:
    _write(tmp_path, [f"{OLD}.Transformer", f"{OLD}.Pooling"], pooling={}, prompts={})
    (tmp_path / name).write_text(content)
    with pytest.raises(ModelError, match=r"cannot be read .* Mend it, or remove modules.json"):
        read_manners(tmp_path)


def test_paths_stay_inside_the_folder(tmp_path: Path) -> None:
    inner = tmp_path / "encoder"
    inner.mkdir()
    (tmp_path / "config.json").write_text(json.dumps({"pooling_mode": "cls"}))
    (inner / "modules.json").write_text(json.dumps([{"path": "../", "type": f"{OLD}.Pooling"}]))
    with pytest.raises(ModelError, match=f"whose file {inner / 'config.json'} is not there"):
        read_manners(inner)


def test_a_pooling_that_was_not_copied_is_named(tmp_path: Path) -> None:
    folder = _write(tmp_path, [f"{OLD}.Transformer", f"{OLD}.Pooling"])
    (folder / "1_Pooling" / "config.json").unlink()
    with pytest.raises(ModelError, match=r"names a pooling whose file .* is not there: the folder is not whole"):
        read_manners(folder)


def test_a_pointer_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    folder = _write(tmp_path, [f"{OLD}.Transformer", f"{OLD}.Pooling"])
    (folder / "1_Pooling" / "config.json").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(ModelError, match="Git LFS pointer, not the file; run 'git lfs pull'"):
        read_manners(folder)


@pytest.mark.parametrize("kind", ["Transformer", "BERT"])
@pytest.mark.parametrize("root", [None, {"__version__": "0.3.9"}])
def test_an_encoder_in_a_folder_of_its_own(tmp_path: Path, kind: str, root: dict[str, str] | None) -> None:
    source = find_encoder("bert-tiny").folder
    assert source is not None
    kinds = ((f"0_{kind}", f"{OLD}.{kind}"), ("1_Pooling", f"{OLD}.Pooling"))
    (tmp_path / "modules.json").write_text(json.dumps([{"path": path, "type": kind} for path, kind in kinds]))
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    shutil.copytree(source, tmp_path / f"0_{kind}")
    about = {"max_seq_length": 64, "do_lower_case": True}
    (tmp_path / f"0_{kind}" / "sentence_bert_config.json").write_text(json.dumps(about))
    if root is not None:
        (tmp_path / "config.json").write_text(json.dumps(root))
    found = find_encoder(str(tmp_path)).folder
    assert found == tmp_path / f"0_{kind}"
    manners = read_manners(found)
    assert manners is not None
    assert (manners.representation, manners.max_length, manners.lower, manners.others) == ("cls", 64, True, ())
