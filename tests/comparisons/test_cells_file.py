"""Cells that were run elsewhere: what is taken, and what no cell gives."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from tune_dml.comparisons.cell_results import CellResult, ComparisonFolder
from tune_dml.comparisons.cells_file import add_cells
from tune_dml.comparisons.comparison import Comparison, pointless
from tune_dml.comparisons.comparison_file import comparison_from_values
from tune_dml.comparisons.kept_comparison import comparison_text
from tune_dml.errors import UsageError

VALUES: dict[str, Any] = {"name": "mine", "tasks": ["bbc"], "draws": 2, "arms": ["ce", "supcon"]}


@pytest.fixture
def comparison() -> Comparison:
    return comparison_from_values(VALUES)


@pytest.fixture
def folder(tmp_path: Path) -> ComparisonFolder:
    return ComparisonFolder(str(tmp_path / "results"), "mine").made()


def _results(comparison: Comparison) -> list[CellResult]:
    return [CellResult.of(cell, "accuracy", [0.5, 0.6]) for cell in comparison.cells()]


def _file(folder: Path, results: list[Any], before: str = "") -> Path:
    path = folder / "cells.jsonl"
    lines = [json.dumps(r if isinstance(r, dict) else asdict(r)) for r in results]
    path.write_text(before + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_those_that_are_missing_are_taken(comparison: Comparison, folder: ComparisonFolder, tmp_path: Path) -> None:
    results = _results(comparison)
    folder.add(replace(results[0], value=0.9, seeds=(0.9,)))
    stranger = replace(results[1], digest="of another comparison")
    assert add_cells(_file(tmp_path, [*results, stranger], "\ufeff"), comparison, folder) == (3, 5)
    assert [round(r.value or 0, 2) for r in folder.results(comparison)] == [0.9, 0.55, 0.55, 0.55]
    assert add_cells(tmp_path, comparison, folder) == (0, 5)


def test_a_cell_is_what_its_digest_says(comparison: Comparison, folder: ComparisonFolder, tmp_path: Path) -> None:
    swapped = [replace(r, task="SST2", shots=999, draw=7, arm="x") for r in _results(comparison)]
    newer = [{**asdict(r), "of a newer version": 1} for r in swapped]
    assert add_cells(_file(tmp_path, newer), comparison, folder) == (4, 4)
    found = list(folder.results(comparison))
    assert [(r.task, r.shots, r.draw, r.arm) for r in found] == [
        ("bbc", 50, draw, arm) for draw in (0, 1) for arm in ("ce", "supcon")
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metric": "auc"}, "its metric is 'auc'"),
        ({"value": 55.0, "seeds": (50.0, 60.0)}, "lies between 0 and 1"),
        ({"value": -3.0, "seeds": ()}, "lies between 0 and 1"),
        ({"value": 0.5, "seeds": (0.1, 0.2)}, "not the mean of its seeds"),
        ({"value": float("nan")}, "no cell of a comparison"),
        ({"value": "0.5"}, "no cell of a comparison"),
    ],
)
def test_what_no_cell_gives_is_refused(
    changes: dict[str, Any], words: str, comparison: Comparison, folder: ComparisonFolder, tmp_path: Path
) -> None:
    results = _results(comparison)
    with pytest.raises(UsageError) as caught:
        add_cells(_file(tmp_path, [*results[:2], {**asdict(results[2]), **changes}]), comparison, folder)
    assert f"{tmp_path / 'cells.jsonl'}:3: " in str(caught.value) or "NaN" in str(caught.value)
    assert words in str(caught.value)
    assert list(folder.results(comparison)) == []


def test_another_metric_than_the_comparison_s_is_refused(folder: ComparisonFolder, tmp_path: Path) -> None:
    comparison = comparison_from_values({**VALUES, "metric": "macro_f1"})
    with pytest.raises(UsageError, match="its metric is 'accuracy', which is not this comparison's"):
        add_cells(_file(tmp_path, _results(comparison)), comparison, folder)


def test_a_line_is_named(comparison: Comparison, folder: ComparisonFolder, tmp_path: Path) -> None:
    path = _file(tmp_path, _results(comparison))
    path.write_text(path.read_text()[:-20])
    with pytest.raises(UsageError, match=r"cells.jsonl:4: this is no cell of a comparison"):
        add_cells(path, comparison, folder)
    twice = [*_results(comparison), replace(_results(comparison)[1], value=0.2, seeds=(0.2,))]
    with pytest.raises(UsageError, match=r"cells.jsonl:5: line 2 has the same cell with another score"):
        add_cells(_file(tmp_path, twice), comparison, folder)
    with pytest.raises(UsageError, match=r"has no cells of a comparison \(No such file or directory\)"):
        add_cells(tmp_path / "nowhere", comparison, folder)


def test_a_folder_of_another_comparison_is_said(comparison: Comparison, folder: ComparisonFolder) -> None:
    assert folder.of_another(comparison) == ""
    folder.comparison_file.write_text(comparison_text(comparison))
    assert folder.of_another(comparison) == ""
    more = comparison_from_values({**VALUES, "draws": 9, "arms": ["ce", "triplet"]})
    assert folder.of_another(more) == ""
    other = comparison_from_values({**VALUES, "tasks": ["TREC"]})
    assert "had another comparison, of bbc, with the arms ce, supcon" in folder.of_another(other)


def test_arms_that_say_nothing_are_said() -> None:
    [alone] = pointless(comparison_from_values({**VALUES, "arms": ["ce"]}))
    assert "'ce' is the only one" in alone
    [same] = pointless(comparison_from_values({**VALUES, "arms": {"a": {"losses": ["ce"]}, "b": {"losses": ["ce"]}}}))
    assert same == "The arms 'a' and 'b' are the same; their cells are run once."
    assert list(pointless(comparison_from_values(VALUES))) == []


def test_a_recipe_is_known_by_its_numbers() -> None:
    def digest(lr: Any) -> str:
        values = {**VALUES, "arms": {"one": {"recipe": {"loss": "ce", "lr": lr}}}}
        return next(comparison_from_values(values).cells()).digest

    assert digest("1e-4") == digest(1e-4) != digest(2e-4)
