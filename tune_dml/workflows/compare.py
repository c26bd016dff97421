"""Many searches held against one another: run what is missing, then say what it shows."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_dml.comparisons.cell_results import CellResult, ComparisonFolder, scores
from tune_dml.comparisons.cell_search import half_made, request_of, result_of
from tune_dml.comparisons.comparison import Cell, Comparison
from tune_dml.comparisons.comparison_file import comparison_from_values, read_comparison
from tune_dml.comparisons.peers import check_peers
from tune_dml.comparisons.running import Interrupted, Run, run_cells
from tune_dml.comparisons.shipped_comparisons import comparison_path
from tune_dml.comparisons.writing import report_of, tell_mlflow_of, write_files
from tune_dml.data import metric_named
from tune_dml.errors import ResultsError, UsageError
from tune_dml.reporting.comparison import ComparisonReport
from tune_dml.reporting.output import Output
from tune_dml.results.folders import results_folder, state_of
from tune_dml.results.stored import stored_report
from tune_dml.statistics import summarise
from tune_dml.workflows.plan import Plan, plan


@dataclass(frozen=True)
class Compared:
    """How a comparison stands.

    Attributes:
        results: Of the cells that have been run.
        report: ``None`` while no cell has a score.
    """

    comparison: Comparison
    results: tuple[CellResult, ...]
    report: ComparisonReport | None
    run: Run


def comparison_named(file: str | None, options: Mapping[str, Any], loss_plugins: tuple[str, ...] = ()) -> Comparison:
    """The comparison in a file, or that of options alone.

    Args:
        file: A file, or the name of a shipped comparison.
        options: Keys of such a file.
        loss_plugins: Those that a file needs, named again.

    Raises:
        UsageError: what is wrong with it; or both are given, or neither.
    """
    if file is None:
        if not options:
            raise UsageError("Give a comparison's file, or --tasks and --losses.")
        return comparison_from_values(options)
    if options:
        raise UsageError(f"Give {file}, or --{next(iter(options))} and the like, not both: the file says it all.")
    return read_comparison(comparison_path(file), loss_plugins)


def compare(
    comparison: Comparison, results: str, out: Output, *, manners: Mapping[str, Any] | None = None, run: bool = True
) -> Compared:
    """Run the cells that are missing, and sum up.

    Args:
        manners: Options of a search that say where and how cells run: ``address``, ``concurrency``, ``tracking_uri``.
        run: Whether to run anything.

    Raises:
        ResultsError: nothing has been run of it, and nothing is to be.
        EnvironmentFault: see :func:`tune_dml.comparisons.running.run_cells`.
    """
    if run:
        check_peers(comparison)
    folder = ComparisonFolder(results, comparison.name, create=run)
    if not run and not folder.path.is_dir():
        raise ResultsError(f"There is no comparison '{comparison.name}' in {results}.")
    options = {**(manners or {}), "results": results}
    if run:
        state = run_cells(comparison, folder, lambda cell: _run(cell, folder, comparison.metric, options, out), out)
    found = tuple(folder.results(comparison))
    if not run:
        state = Run(sum(1 for _ in comparison.cells()), len(found))
    report = _report(comparison, found, folder)
    if report is not None:
        write_files(report, found, folder.path)
        if run:
            uri = options.get("tracking_uri") or comparison.arms[0].options.get("tracking_uri")
            sentence = tell_mlflow_of(report, found, folder.path, results_folder(results), uri)
            if sentence is not None:
                out.warn(sentence)
    return Compared(comparison, found, report, state)


def price(comparison: Comparison, results: str, out: Output, manners: Mapping[str, Any]) -> Plan:
    """``--dry-run``: how many cells are missing, and about how long they take; writes nothing.

    One cell of each task, number of shots and arm is planned as a search is; its estimate stands for all draws.

    Raises:
        TuneDMLError: a cell could not be run.
    """
    folder = ComparisonFolder(results, comparison.name)
    cells = list(comparison.cells())
    missing = [cell for cell in cells if not folder.has_score(cell)]
    kinds: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in missing:
        kinds.setdefault((cell.task_name, str(cell.shots), cell.arm.name), []).append(cell)
    seconds = 0.0
    lines = []
    for (task, shots, arm), alike in kinds.items():
        if alike[0].arm.peer is not None:
            lines.append(f"{task}, {shots} shots, {arm}: {len(alike)} cells of a peer, not timed")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            request = request_of(alike[0], Path(scratch), comparison.metric, {**manners, "results": results})
            each = plan(request, out).document["estimated_seconds"]
        seconds += each * len(alike)
        lines.append(f"{task}, {shots} shots, {arm}: {len(alike)} cells of about {max(1, round(each / 60))} min")
    lines += [
        f"{len(cells)} cells, of which {len(cells) - len(missing)} have been run.",
        f"time: about {max(1, round(seconds / 60))} min, one cell after the other",
        "Nothing was started: this was a dry run.",
    ]
    document = {
        "name": comparison.name,
        "cells": len(cells),
        "missing": len(missing),
        "estimated_seconds": round(seconds),
    }
    return Plan(tuple(lines), document)


def _report(comparison: Comparison, found: tuple[CellResult, ...], folder: ComparisonFolder) -> ComparisonReport | None:
    known = scores(found)
    if not known:
        return None
    metric = metric_named(next(r.metric for r in found if r.value is not None))
    names = [arm.name for arm in comparison.arms]
    summary = summarise(known, names, comparison.reference, comparison.margin, lower_is_better=metric.lower_is_better)
    return report_of(comparison, found, summary, folder)


def _run(
    cell: Cell, folder: ComparisonFolder, metric: str | None, manners: Mapping[str, Any], out: Output
) -> CellResult:
    """Its search, from wherever it stands."""
    # Not above: what is only summed up needs no PyTorch.
    from tune_dml.comparisons.cell_peer import run_peer
    from tune_dml.comparisons.cell_probe import run_probe
    from tune_dml.workflows.resume import resume
    from tune_dml.workflows.search import search

    request = request_of(cell, folder.path / "recipes", metric, manners)
    if cell.arm.peer is not None:
        return run_probe(cell, request, out) if cell.arm.peer == "linear_probe" else run_peer(cell, request)
    place = results_folder(request.results, create=True) / "searches" / cell.name
    if half_made(place):
        shutil.rmtree(place)
    if not place.exists():
        finished = search(request, out)
    elif state_of(place) == "finished":
        return result_of(cell, stored_report(place), metric)
    else:
        finished = resume(
            request.results,
            cell.name,
            out,
            concurrency=manners.get("concurrency"),
            address=manners.get("address"),
            tracking_uri=manners.get("tracking_uri"),
            loss_plugins=request.loss_plugins,
        )
    if finished.interrupted:
        raise Interrupted
    return result_of(cell, finished.report, metric)
