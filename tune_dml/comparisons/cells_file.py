"""The cells of a comparison in one file, so that those that were run elsewhere need not be run again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from tune_dml.comparisons.cell_results import CellResult, ComparisonFolder
from tune_dml.comparisons.comparison import Comparison
from tune_dml.config import from_values
from tune_dml.errors import UsageError
from tune_dml.reporting import write_text_atomic

NAME = "cells.jsonl"


def write_cells(results: Sequence[CellResult], folder: Path) -> None:
    """``cells.jsonl``: a line for each cell that has a score, with all that is known of it."""
    lines = [json.dumps(asdict(result), ensure_ascii=False) + "\n" for result in results if result.value is not None]
    write_text_atomic(folder / NAME, "".join(lines))


def add_cells(file: Path, comparison: Comparison, folder: ComparisonFolder) -> int:
    """Take the results that cells of ``comparison`` have in ``file``, for those that have no score here.

    A cell is known by all that decides what it gives, whatever the comparison and the arm are called there.

    Returns:
        How many were taken.

    Raises:
        UsageError: the file cannot be read.
    """
    if file.is_dir():
        file = file / NAME
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        found = [from_values(CellResult, json.loads(line)) for line in lines if line.strip()]
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"{file} has no cells of a comparison ({error}); it is a {NAME} of its folder.") from None
    known = {result.digest: result for result in found if result.value is not None}
    taken = 0
    for cell in comparison.cells():
        result = known.get(cell.digest)
        if result is not None and not folder.has_score(cell):
            folder.add(replace(result, name=cell.name, arm=cell.arm.name))
            taken += 1
    return taken
