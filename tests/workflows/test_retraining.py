"""``train --config best.yaml --data``: the same texts again, or a model of other ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

WORDS = {"ham": "meeting lunch project report", "spam": "win cash prize offer"}


def rows(first: int, last: int) -> str:
    return "".join(f"{WORDS[label]} {i},{label}\n" for i in range(first, last) for label in WORDS)


@pytest.fixture(scope="module")
def searched(
    tune_dml: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory, with_store: Callable[[Path], Path]
) -> Path:
    """The folder of a search in 20 of 40 texts; its data is ``old.csv`` two folders above."""
    folder = with_store(tmp_path_factory.mktemp("retraining"))
    (folder / "old.csv").write_text("text,label\n" + rows(0, 20))
    (folder / "space.yaml").write_text("loss: supcon\nlr: 5.0e-4\nepochs: 2\nmax_length: 16\n")
    ended = tune_dml(
        "search", "--task", "mail", "--data", str(folder / "old.csv"), "--shots", "20", "--encoder", "bert-tiny",
        "--trials", "1", "--folds", "2", "--confirm-seeds", "1", "--space", str(folder / "space.yaml"),
        "--results", str(folder), "--name", "mail",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    return folder / "searches" / "mail"


def trained(tune_dml: Callable[..., Any], best: Path, data: Path, output: Path, *options: str) -> dict[str, Any]:
    ended = tune_dml("train", "--config", str(best), "--data", str(data), "--output", str(output), "--json", *options)
    assert ended.code == 0, ended.err
    document: dict[str, Any] = json.loads(ended.out)
    return document


def test_more_labels_give_a_model_of_their_own(tune_dml: Callable[..., Any], searched: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.csv"
    more.write_text("text,label\n" + rows(0, 30))
    document = trained(tune_dml, searched / "best.yaml", more, tmp_path / "out")
    said = " ".join(document["notes"])
    assert "trained on all 60 texts of them, and reproduces none of its numbers" in said
    assert "8 texts of them are in the search's test split: its test score says nothing of this model" in said
    assert document["scores"] is None
    new = tmp_path / "new.csv"
    new.write_text("text\ncash prize\nproject lunch\n")
    ended = tune_dml("predict", document["model"], str(new))
    assert (ended.code, len(ended.out.splitlines())) == (0, 3)


def test_the_same_texts_elsewhere_are_a_reproduction(
    tune_dml: Callable[..., Any], searched: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "moved.csv"
    moved.write_text((searched.parents[1] / "old.csv").read_text())
    document = trained(tune_dml, searched / "best.yaml", moved, tmp_path / "out")
    assert document["notes"] == []
    assert document["run"] == "confirm seed 0"
    model = "model/model.safetensors"
    assert (tmp_path / "out" / model).read_bytes() == (searched / model).read_bytes()


def test_only_new_texts_and_another_class(tune_dml: Callable[..., Any], searched: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.csv"
    new.write_text("text,label\n" + rows(100, 110) + "".join(f"buy now {i},ads\n" for i in range(5)))
    said = " ".join(trained(tune_dml, searched / "best.yaml", new, tmp_path / "out")["notes"])
    assert "The classes are ads, ham, spam; those of the search were ham, spam." in said
    assert "test split" not in said


def test_a_round_of_other_texts_is_refused(tune_dml: Callable[..., Any], searched: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.csv"
    new.write_text("text,label\n" + rows(100, 110))
    ended = tune_dml("train", "--config", str(searched / "best.yaml"), "--data", str(new), "--fold", "1")
    assert ended.code == 2
    assert "leave --fold out" in ended.err


def test_what_was_read_and_dropped_is_said(tune_dml: Callable[..., Any], searched: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.csv"
    text = "text,label\n" + rows(100, 110) + "café trop cher,ham\ncafé trop cher,spam\n" + "free " * 40 + ",spam\n"
    new.write_bytes(text.encode("cp1252"))
    said = " ".join(trained(tune_dml, searched / "best.yaml", new, tmp_path / "out")["notes"])
    assert "read as" in said
    assert "1 text with conflicting labels dropped" in said
    assert "longer than 16 tokens" in said


def test_other_columns_without_a_header(tune_dml: Callable[..., Any], searched: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.csv"
    new.write_text("".join(f"{i},{line}\n" for i, line in enumerate(rows(100, 110).splitlines())))
    options = ("--no-header", "--text-column", "2", "--label-column", "3")
    document = trained(tune_dml, searched / "best.yaml", new, tmp_path / "out", *options)
    assert "trained on all 20 texts" in " ".join(document["notes"])
    ended = tune_dml("train", "--config", str(searched / "best.yaml"), "--no-header")
    assert (ended.code, "without --data" in ended.err) == (2, True)
