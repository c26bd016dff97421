from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tune_dml.comparisons.cell_results import CellResult, ComparisonFolder, metric_of_all, scores
from tune_dml.comparisons.comparison import Cell, Comparison
from tune_dml.comparisons.comparison_file import comparison_from_values
from tune_dml.comparisons.running import Interrupted, run_cells
from tune_dml.comparisons.writing import report_of
from tune_dml.config.locks import hold
from tune_dml.errors import EnvironmentFault, UsageError
from tune_dml.reporting.output import silent
from tune_dml.statistics import summarise


@pytest.fixture
def comparison() -> Comparison:
    return comparison_from_values({"tasks": ["bbc"], "draws": 3, "arms": ["ce", "supcon"], "name": "tiny"})


@pytest.fixture
def folder(tmp_path: Path) -> ComparisonFolder:
    return ComparisonFolder(str(tmp_path), "tiny").made()


def result(cell: Cell) -> CellResult:
    return CellResult(
        cell.name, cell.digest, cell.task_name, cell.shots, cell.draw, cell.arm.name, "accuracy", 0.5 + cell.draw / 10
    )


def test_every_cell_is_run_once(comparison: Comparison, folder: ComparisonFolder) -> None:
    ran: list[str] = []

    def run(cell: Cell) -> CellResult:
        ran.append(cell.name)
        return result(cell)

    state = run_cells(comparison, folder, run, silent())
    assert (state.cells, state.done, state.failed) == (6, 6, 0)
    assert len(set(ran)) == 6
    run_cells(comparison, folder, run, silent())
    assert len(ran) == 6
    assert [s.value for s in scores(list(folder.results(comparison)))] == [0.5, 0.5, 0.6, 0.6, 0.7, 0.7]


def test_an_interrupted_cell_is_run_again(comparison: Comparison, folder: ComparisonFolder) -> None:
    def stopped(cell: Cell) -> CellResult:
        if cell.draw == 1:
            raise Interrupted
        return result(cell)

    assert run_cells(comparison, folder, stopped, silent()).interrupted
    assert len(list(folder.results(comparison))) == 2
    assert run_cells(comparison, folder, result, silent()).done == 6


def test_a_cell_of_another_process_is_left_to_it(comparison: Comparison, folder: ComparisonFolder) -> None:
    cell = next(comparison.cells())
    lock = hold(folder.lock_of(cell))
    state = run_cells(comparison, folder, result, silent())
    assert (state.done, state.elsewhere) == (5, 1)
    assert folder.result_of(cell) is None
    lock.release()
    assert run_cells(comparison, folder, result, silent()).done == 6


def test_a_request_that_cannot_be_is_written_down(comparison: Comparison, folder: ComparisonFolder) -> None:
    def refused(cell: Cell) -> CellResult:
        if cell.arm.name == "supcon":
            raise UsageError("Too few shots.")
        return result(cell)

    run_cells(comparison, folder, refused, silent())
    found = list(folder.results(comparison))
    assert [r.reason for r in found if r.value is None] == ["Too few shots."] * 3
    assert len(scores(found)) == 3
    # What was missing may be there now.
    assert run_cells(comparison, folder, result, silent()).done == 6
    assert len(scores(list(folder.results(comparison)))) == 6


def test_faults_of_the_machine_are_tried_again_and_end_it(comparison: Comparison, folder: ComparisonFolder) -> None:
    def broken(cell: Cell) -> CellResult:
        raise EnvironmentFault("No memory.")

    with pytest.raises(EnvironmentFault, match="No memory"):
        run_cells(comparison, folder, broken, silent())
    assert not list(folder.results(comparison))
    assert run_cells(comparison, folder, result, silent()).done == 6


def test_a_damaged_result_counts_as_not_run(comparison: Comparison, folder: ComparisonFolder) -> None:
    run_cells(comparison, folder, result, silent())
    file = folder.cells / f"{next(comparison.cells()).name}.json"
    file.write_text("{")
    assert len(list(folder.results(comparison))) == 5
    assert folder.damaged == {file}
    assert run_cells(comparison, folder, result, silent()).ran == 1
    assert len(list(folder.results(comparison))) == 6


def test_a_cell_is_shared_by_all_comparisons_that_have_it(comparison: Comparison, folder: ComparisonFolder) -> None:
    run_cells(comparison, folder, result, silent())
    arms = {"tuned": {"space": "ce"}, "supcon": {"space": "supcon"}, "more": {"space": "ce", "trials": 3}}
    other = comparison_from_values({"tasks": ["bbc"], "draws": [2, 0, 7], "arms": arms, "name": "other"})
    place = ComparisonFolder(str(folder.path.parent.parent), "other").made()
    assert [(r.draw, r.arm) for r in place.results(other)] == [(d, a) for d in (2, 0) for a in ("tuned", "supcon")]


def test_arms_of_one_draw_have_the_same_texts(comparison: Comparison, folder: ComparisonFolder) -> None:
    def elsewhere(cell: Cell) -> CellResult:
        stranger = cell.draw == 1 and cell.arm.name == "supcon"
        return replace(result(cell), texts="other" if stranger else f"of draw {cell.draw}")

    run_cells(comparison, folder, elsewhere, silent())
    found = list(folder.results(comparison))
    assert len(found) == 6
    assert [(s.draw, s.arm) for s in scores(found) if s.draw == 1] == [(1, "ce")]
    known = summarise(scores(found), ["ce", "supcon"], "ce", 0.01)
    report = report_of(comparison, found, known, folder)
    [(reason, count)] = report.without.items()
    assert count == 1
    assert reason.startswith("run on other texts")


def test_a_score_that_is_no_number_is_none(comparison: Comparison) -> None:
    found = CellResult.of(next(comparison.cells()), "accuracy", [0.5, float("nan")])
    assert (found.value, found.seeds) == (None, ())
    assert found.reason == "its accuracy is not a number."


def test_scores_of_two_metrics_are_not_mixed(comparison: Comparison) -> None:
    cells = list(comparison.cells())
    found = [CellResult.of(cell, "accuracy", [0.5]) for cell in cells[:4]]
    found += [CellResult.of(cell, "micro_f1", [0.9]) for cell in cells[4:]]
    assert metric_of_all(found) == "accuracy"
    assert {score.value for score in scores(found)} == {0.5}


def test_a_cell_that_has_changed_is_run_anew(comparison: Comparison, folder: ComparisonFolder) -> None:
    run_cells(comparison, folder, result, silent())
    other = comparison_from_values({"tasks": ["bbc"], "draws": 3, "arms": ["ce", "supcon"], "trials": 3})
    assert not list(folder.results(other))
