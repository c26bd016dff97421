from __future__ import annotations

from pathlib import Path

import pytest

import tune_dml

SMALL = {
    "tasks": ["bbc"], "shots": 20, "draws": 3, "encoder": "bert-tiny", "folds": 2,
    "arms": {"probe": {"peer": "linear_probe"}, "other": {"peer": "linear_probe", "folds": 3}},
}  # fmt: skip


def test_from_python(tmp_path: Path) -> None:
    found = tune_dml.compare(SMALL, results=str(tmp_path))
    assert len(found.cells) == 6
    assert found.cells.value.between(0.2, 1).all()
    assert found.report is not None
    assert found.answer[0].startswith("other ")
    assert found.to_dict()["comparison"]["done"] == 6
    assert found.answer[0] in repr(found)
    again = tune_dml.compare(SMALL, results=str(tmp_path), run=False)
    assert again.cells.equals(found.cells)


def test_cells_that_were_run_elsewhere_are_not_run_again(tmp_path: Path) -> None:
    here, there = str(tmp_path / "here"), str(tmp_path / "there")
    part = tune_dml.compare({**SMALL, "draws": [2], "name": "elsewhere"}, results=there)
    file = tmp_path / "there" / "comparisons" / "elsewhere" / "cells.jsonl"
    found = tune_dml.compare(SMALL, results=here, add_cells=[file])
    assert len(found.cells) == 6
    added = found.cells[found.cells.draw == 2]
    assert added.seconds.tolist() == part.cells.seconds.tolist()
    assert added.name.str.startswith("bbc-20-2-linear_probe-").all()
    assert set(found.cells.version) == {tune_dml.__version__}
    with pytest.raises(tune_dml.UsageError, match="has no cells of a comparison"):
        tune_dml.compare(SMALL, results=here, add_cells=[tmp_path])


@pytest.mark.timeout(300)
def test_cells_side_by_side(tmp_path: Path) -> None:
    found = tune_dml.compare(SMALL, results=str(tmp_path), cells_at_once=2)
    assert len(found.cells) == 6
    assert found.report is not None
    assert {cell.seconds > 0 for cell in found.results} == {True}
    one_by_one = tune_dml.compare(SMALL, results=str(tmp_path / "other"))
    assert found.cells.value.tolist() == one_by_one.cells.value.tolist()


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
    values = {**SMALL, "tasks": [{"task": "some", "data": tmp_path / "some.csv"}], "shots": ["full", 10]}
    found = tune_dml.compare(values, results=tmp_path / "r")
    assert found.cells.groupby("shots").size().to_dict() == {"full": 2, 10: 6}
    again = tune_dml.compare(values, results=tmp_path / "r", run=False)
    assert len(again.cells) == 8


def test_what_is_wrong_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(tune_dml.UsageError, match="'arm' is no part of a comparison"):
        tune_dml.compare({"tasks": ["bbc"], "arm": ["ce"]}, results=str(tmp_path))


def test_a_probe_is_the_searchs_own_baseline(tmp_path: Path) -> None:
    cell = tune_dml.compare({**SMALL, "draws": [1]}, results=str(tmp_path / "c")).cells.iloc[0]
    result = tune_dml.search(
        task="bbc", shots=20, draw=1, encoder="bert-tiny", folds=2, trials=1, losses="ce", confirm_seeds=1,
        results=str(tmp_path / "s"),
    )  # fmt: skip
    test = result.to_dict()["baselines"]["probe"]["test"]["accuracy"]["mean"]
    assert cell.value == pytest.approx(test)
