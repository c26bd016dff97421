"""The cells of a comparison in one file, so that those that were run elsewhere need not be run again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from tune_dml.comparisons.cell_results import CellResult, ComparisonFolder
from tune_dml.comparisons.comparison import Cell, Comparison
from tune_dml.config import from_values
from tune_dml.data import METRICS
from tune_dml.errors import UsageError
from tune_dml.reporting import write_text_atomic

NAME = "cells.jsonl"
_ROUNDING = 1e-6


def write_cells(results: Sequence[CellResult], folder: Path) -> None:
    """``cells.jsonl``: a line for each cell that has a score, with all that is known of it."""
    lines = [json.dumps(asdict(result), ensure_ascii=False) + "\n" for result in results if result.value is not None]
    write_text_atomic(folder / NAME, "".join(lines))


def add_cells(file: Path, comparison: Comparison, folder: ComparisonFolder) -> tuple[int, int]:
    """Take the results that cells of ``comparison`` have in ``file``, for those that have no score here.

    A cell is known by all that decides what it gives, whatever the comparison and the arm are called there.

    Returns:
        How many were taken, and how many there are in the file.

    Raises:
        UsageError: the file cannot be read, or holds what no cell gives; nothing is taken then.
    """
    if file.is_dir():
        file = file / NAME
    known = _read(file)
    wanted = [(cell, known[cell.digest]) for cell in comparison.cells() if cell.digest in known]
    for cell, (line, result) in wanted:
        if problem := _problem(cell, result):
            raise UsageError(f"{file}:{line}: {problem} Nothing was taken.")
    new = [(cell, result) for cell, (_, result) in wanted if not folder.has_score(cell)]
    for cell, result in new:
        own = replace(result, name=cell.name, arm=cell.arm.name)
        folder.add(replace(own, task=cell.task_name, shots=cell.shots, draw=cell.draw))
    return len(new), len(known)


def _read(file: Path) -> dict[str, tuple[int, CellResult]]:
    """Those with a score, by their digest, with their lines."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(f"{file} has no cells of a comparison ({why}); give a {NAME}, or its folder.") from None
    fields = CellResult.__dataclass_fields__
    known: dict[str, tuple[int, CellResult]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
            # A newer version may know more of a cell.
            result = from_values(CellResult, {key: value for key, value in values.items() if key in fields})
        except (ValueError, TypeError, AttributeError) as error:
            raise UsageError(
                f"{file}:{number}: this is no cell of a comparison ({error}). Nothing was taken."
            ) from None
        before = known.get(result.digest)
        if before is not None and before[1].value != result.value:
            raise UsageError(
                f"{file}:{number}: line {before[0]} has the same cell with another score. Nothing was taken."
            )
        if result.value is not None:
            known[result.digest] = (number, result)
    return known


def _problem(cell: Cell, result: CellResult) -> str:
    """What is impossible about it; empty if nothing is."""
    if result.metric not in METRICS or (cell.metric is not None and result.metric != cell.metric):
        return f"its metric is {result.metric!r}, which is not this comparison's."
    values = [value for value in (result.value, *result.seeds) if value is not None]
    if METRICS[result.metric].ties is not None and not all(0 <= value <= 1 for value in values):
        return f"a score of {max(values, key=abs):g} is none of the metric {result.metric}, which lies between 0 and 1."
    mean = sum(result.seeds) / len(result.seeds) if result.seeds else result.value
    if result.value is None or mean is None or abs(mean - result.value) > _ROUNDING:
        return "its score is not the mean of its seeds."
    return ""
