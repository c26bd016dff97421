from __future__ import annotations

from pathlib import Path

import pytest
from finished_search import FinishedSearch

import tune_dml

SMALL = {
    "tasks": ["bbc"], "shots": 20, "draws": 3, "encoder": "bert-tiny", "folds": 2,
    "arms": {"probe": {"peer": "linear_probe"}, "other": {"peer": "linear_probe", "folds": 3}},
}  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With all cells of the comparison."""
    folder = tmp_path_factory.mktemp("results")
    found = tune_dml.compare(SMALL, results=folder)
    assert len(found.cells) == 6
    assert found.cells.value.between(0.2, 1).all()
    assert found.report is not None
    assert found.answer[0].startswith("other ")
    assert found.to_dict()["comparison"]["done"] == 6
    assert found.answer[0] in repr(found)
    return folder


def test_from_python(results: Path) -> None:
    found = tune_dml.compare(SMALL, results=results, run=False)
    assert len(found.cells) == 6
    assert found.to_dict()["answer"] == found.answer


def test_cells_that_were_run_elsewhere_are_not_run_again(results: Path, tmp_path: Path) -> None:
    file = next(results.glob("comparisons/*/cells.jsonl"))
    arms = {"renamed": SMALL["arms"]["probe"], "other": SMALL["arms"]["other"]}
    values = {**SMALL, "name": "again", "draws": [2, 0, 7], "arms": arms}
    found = tune_dml.compare(values, results=tmp_path, add_cells=[file], run=False)
    assert found.cells[["draw", "arm"]].values.tolist() == [[d, a] for d in (2, 0) for a in arms]
    assert set(found.cells.version) == {tune_dml.__version__}
    with pytest.raises(tune_dml.UsageError, match="has no cells of a comparison"):
        tune_dml.compare(SMALL, results=tmp_path, add_cells=[tmp_path])


@pytest.mark.long
@pytest.mark.timeout(300)
def test_cells_side_by_side(results: Path, tmp_path: Path) -> None:
    found = tune_dml.compare({**SMALL, "draws": [1]}, results=tmp_path, cells_at_once=2)
    assert found.report is not None
    one_by_one = tune_dml.compare(SMALL, results=results, run=False).cells
    assert found.cells.value.tolist() == one_by_one[one_by_one.draw == 1].value.tolist()


def test_what_is_wrong_with_any_task_is_said_before_anything_is_run(tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("text,label\n" + "".join(f"text {i},{i % 2}\n" for i in range(12)))
    few = {"task": "few", "data": str(tmp_path / "few.csv")}
    gone = {"task": "gone", "data": str(tmp_path / "gone.csv")}
    wrong = {**SMALL, "tasks": ["bbc", few, gone], "shots": [20, "full"]}
    with pytest.raises(tune_dml.UsageError) as error:
        tune_dml.compare(wrong, results=str(tmp_path / "r"))
    told = str(error.value).splitlines()
    assert [line.split(":")[0] for line in told] == ["few, 20 shots", "gone, 20 shots", "gone, full shots"]
    assert not list((tmp_path / "r" / "cells").glob("*.json"))


def test_all_data_are_one_draw(tmp_path: Path) -> None:
    rows = "".join(f"{word} number {i},{label}\n" for i in range(30) for label, word in enumerate(("cats", "cars")))
    (tmp_path / "some.csv").write_text(f"text,label\n{rows}")
    task = {"task": "some", "data": tmp_path / "some.csv"}
    values = {**SMALL, "tasks": [task], "shots": ["full", 10], "draws": 2, "arms": {"probe": {"peer": "linear_probe"}}}
    found = tune_dml.compare(values, results=tmp_path / "r")
    assert found.cells.groupby("shots").size().to_dict() == {"full": 1, 10: 2}
    again = tune_dml.compare(values, results=tmp_path / "r", run=False)
    assert len(again.cells) == 3
    assert again.answer[0].startswith("There is nothing to hold against probe yet")


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_training_that_fails_is_the_arm_s_own(tmp_path: Path) -> None:
    values = {**SMALL, "draws": 3, "arms": {"bad": {"recipe": {"loss": "ce", "lr": 1.0, "epochs": 1}}}}
    for _ in range(2):
        # Three in succession are no fault of the machine, and they are tried again.
        found = tune_dml.compare(values, results=tmp_path)
        assert set(found.cells.reason) == {"no training ended in a score (collapse)."}


def test_what_is_wrong_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(tune_dml.UsageError, match="'arm' is no part of a comparison"):
        tune_dml.compare({"tasks": ["bbc"], "arm": ["ce"]}, results=str(tmp_path))


def test_a_probe_is_the_searchs_own_baseline(finished: FinishedSearch, tmp_path: Path) -> None:
    arms = {"probe": {"peer": "linear_probe", "encoder": "bert-tiny", "folds": 3, "max_length": 24}}
    values = {"tasks": ["bbc"], "shots": 25, "draws": 1, "arms": arms}
    cell = tune_dml.compare(values, results=str(tmp_path)).cells.iloc[0]
    assert cell.value == pytest.approx(finished.document["baselines"]["probe"]["test"]["accuracy"]["mean"])
