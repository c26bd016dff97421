"""``compare --dry-run``: how much of a comparison is left, and about how long that would take."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tune_dml.comparisons.cell_results import ComparisonFolder
from tune_dml.comparisons.cell_search import request_of
from tune_dml.comparisons.comparison import Cell, Comparison
from tune_dml.comparisons.tasks_check import check_tasks
from tune_dml.reporting.output import Output
from tune_dml.workflows.plan import Plan, plan


def price(comparison: Comparison, results: str, out: Output, manners: Mapping[str, Any]) -> Plan:
    """``--dry-run``: how many cells are missing, and about how long they take; writes nothing.

    One cell of each task and number of shots is planned as a search is; its estimate stands for all draws, and for the
    arms that differ in nothing but their space.

    Raises:
        TuneDMLError: a cell could not be run.
    """
    folder = ComparisonFolder(results, comparison.name)
    check_tasks(comparison, folder, {**manners, "results": results})
    cells = list(comparison.cells())
    missing = [cell for cell in cells if not folder.has_score(cell)]
    kinds: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in missing:
        kinds.setdefault((cell.task_name, str(cell.shots), cell.arm.name), []).append(cell)
    seconds, planned, untimed, adapting = 0.0, dict[str, float](), False, dict[str, float]()
    lines = []
    for (task, shots, arm), alike in kinds.items():
        if alike[0].arm.peer is not None:
            probe = alike[0].arm.peer == "linear_probe"
            what = "of a linear probe, seconds each" if probe else "of another tool, not estimated"
            lines.append(f"{task}, {shots} shots, {arm}: {len(alike)} cells {what}")
            untimed = untimed or not probe
            continue
        key = json.dumps([task, shots, _costs(alike[0])], sort_keys=True, default=str)
        if key not in planned:
            with tempfile.TemporaryDirectory() as scratch:
                request = request_of(alike[0], Path(scratch), comparison.metric, {**manners, "results": results})
                document = plan(request, out).document
                planned[key] = document["estimated_seconds"] - document["adapting_seconds"]
                # Kept for all cells: of one's own data those of one draw.
                draws = 1 if request.data is None or request.unlabelled else len({cell.draw for cell in alike})
                adapting[_texts(alike[0])] = document["adapting_seconds"] * draws
        each = planned[key]
        seconds += each * len(alike)
        lines.append(f"{task}, {shots} shots, {arm}: {len(alike)} cells of about {max(1, round(each / 60))} min")
    seconds += sum(adapting.values())
    if any(adapting.values()):
        lines.append(f"masked-LM steps first: about {max(1, round(sum(adapting.values()) / 60))} min in all")
    lines += [
        f"{len(cells)} cells, of which {len(cells) - len(missing)} have been run.",
        _time(seconds, len(missing), untimed),
        "Nothing was started: this was a dry run.",
    ]
    document = {
        "name": comparison.name,
        "cells": len(cells),
        "missing": len(missing),
        "estimated_seconds": round(seconds),
    }
    return Plan(tuple(lines), document)


def _time(seconds: float, missing: int, untimed: bool) -> str:
    if not missing:
        return "Nothing is left to be run."
    others = " and other tools' cells" if untimed else ""
    return f"time: about {max(1, round(seconds / 60))} min{others}, one cell after the other"


def _texts(cell: Cell) -> str:
    """What the encoder after masked-LM steps depends on."""
    options = cell.arm.options
    own = [options.get(name) for name in ("encoder", "adapt_mlm", "unlabelled", "seed", "truncation")]
    return json.dumps([cell.task_name, *own], sort_keys=True, default=str)


def _costs(cell: Cell) -> dict[str, Any]:
    """What its estimate depends on."""
    others = ("space", "losses", "loss_plugins", "seed", "searcher")
    return {name: value for name, value in cell.arm.options.items() if name not in others}
