"""Labelled texts for a recipe: those of the search, or others."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from tune_dml.config import DrawSettings, TaskSettings
from tune_dml.data import load_task
from tune_dml.driver.drawing import draw_data
from tune_dml.driver.other_data import other_data
from tune_dml.errors import DataError, ResultsError, TuneDMLError, UsageError
from tune_dml.reporting.output import Output
from tune_dml.results.best_file import BestFile
from tune_dml.workflows.train import train

KEPT = Path(__file__).resolve().parents[1] / "kept" / "results" / "searches" / "texts" / "best.yaml"


def _rows(names: str, count: int, word: str) -> str:
    return "text,label\n" + "".join(f"{word} {name} {i},{name}\n" for i in range(count) for name in names.split())


@pytest.fixture
def best(tmp_path: Path) -> BestFile:
    """Of a search in a folder with a test split."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "train.csv").write_text(_rows("ham spam", 20, "text"))
    (folder / "test.csv").write_text(_rows("ham spam", 5, "seen"))
    task, draw = TaskSettings("mine", data=str(folder)), DrawSettings(shots=10)
    drawn = draw_data(load_task(task), draw)
    names = drawn.task.label_names
    return BestFile({}, task, draw, "bert-tiny", "", drawn.split.hashes(), 0, "cpu", "float32", 64, label_names=names)


def test_the_search_s_own_texts_are_found_again(best: BestFile) -> None:
    assert best.task.data is not None
    assert other_data(best, best.task.data, {}) == (None, ())


def test_others_are_all_taken_and_what_changes_is_said(best: BestFile, tmp_path: Path) -> None:
    more = tmp_path / "more.csv"
    more.write_text(_rows("ham spam other", 12, "new") + "seen ham 1,ham\n")
    drawn, notes = other_data(best, str(more), {})
    assert drawn is not None
    assert len(drawn.split) == 37
    assert "trained on all 37 texts of them, and reproduces none of its numbers" in notes[0]
    assert notes[1] == "The classes are ham, other, spam; those of the search were ham, spam."
    assert notes[2].startswith("1 text of them is in the search's test split: its test score says nothing")
    assert len(other_data(replace(best, task=replace(best.task, no_test=True)), str(more), {})[1]) == 2


def test_what_cannot_be_looked_up_is_said(best: BestFile, tmp_path: Path) -> None:
    few = tmp_path / "few.csv"
    few.write_text(_rows("ham spam", 2, "new"))
    lost = replace(best, task=replace(best.task, data=str(tmp_path / "gone")))
    notes = other_data(lost, str(few), {})[1]
    assert "Whether texts of the search's test split are among them cannot be looked up" in notes[1]
    with pytest.raises(DataError, match="There is no file"):
        other_data(best, str(tmp_path / "nothing.csv"), {})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seed": 1, "fold": 1}, "Give --seed .* or --fold .*, not both"),
        ({"seed": -1}, "--seed is -1; it must be 0 or more"),
        ({"output": str(KEPT)}, "is a file; give a folder"),
        ({"reading": {"header": False}}, "How a file is read is asked without --data"),
    ],
)
def test_train_refuses_what_cannot_be(options: dict[str, object], says: str, tmp_path: Path) -> None:
    given = {"config": str(KEPT), "seed": None, "fold": None, "data": None, "output": str(tmp_path / "out")} | options
    with pytest.raises(TuneDMLError, match=says) as caught:
        train(**given, out=Output(Console(file=io.StringIO())))  # type: ignore[arg-type]
    assert isinstance(caught.value, UsageError | ResultsError)


def test_a_round_is_of_the_search_s_own_texts(tmp_path: Path) -> None:
    new = tmp_path / "new.csv"
    new.write_text(_rows("business sports", 5, "new"))
    with pytest.raises(UsageError, match=r"--fold repeats a round of the search, and .*new.csv does not hold"):
        train(str(KEPT), None, 1, str(new), str(tmp_path / "out"), Output(Console(file=io.StringIO())))
