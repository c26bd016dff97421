"""Many searches held against one another: run what is missing, then say what it shows."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tune_dml.comparisons.cell_results import CellResult, ComparisonFolder, metric_of_all, scores
from tune_dml.comparisons.cell_search import half_made, no_score, request_of, result_of
from tune_dml.comparisons.cells_at_once import end_with_standard_input, run_side_by_side
from tune_dml.comparisons.cells_file import add_cells
from tune_dml.comparisons.comparison import Cell, Comparison, pointless
from tune_dml.comparisons.comparison_file import comparison_from_values, read_comparison
from tune_dml.comparisons.kept_comparison import comparison_text
from tune_dml.comparisons.peers import check_peers
from tune_dml.comparisons.running import Interrupted, Run, run_cells
from tune_dml.comparisons.shipped_comparisons import comparison_path
from tune_dml.comparisons.tasks_check import check_tasks
from tune_dml.comparisons.writing import report_of, tell_mlflow_of, write_files
from tune_dml.config import absolute_path
from tune_dml.data import metric_named
from tune_dml.errors import EnvironmentFault, ResultsError, UsageError
from tune_dml.execution import EXIT_CODE
from tune_dml.execution.this_machine import cores, visible_gpus
from tune_dml.reporting import write_text_atomic
from tune_dml.reporting.comparison import ComparisonReport
from tune_dml.reporting.output import Output
from tune_dml.results.folders import results_folder, state_of
from tune_dml.results.stored import stored_report
from tune_dml.statistics import summarise


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


def comparison_named(
    file: str | None, options: Mapping[str, Any], results: str, loss_plugins: tuple[str, ...] = ()
) -> Comparison:
    """The comparison in a file, or that of options alone.

    Args:
        file: A file, or the name of a comparison that comes along, or is in ``results``.
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
    return read_comparison(comparison_path(file, results), loss_plugins)


def compare(
    comparison: Comparison,
    results: str,
    out: Output,
    *,
    manners: Mapping[str, Any] | None = None,
    run: bool = True,
    at_once: int = 1,
    add: Sequence[str] = (),
) -> Compared:
    """Run the cells that are missing, and sum up.

    Args:
        manners: Options of a search that say where and how cells run: ``address``, ``concurrency``, ``tracking_uri``.
        run: Whether to run anything.
        at_once: Cells side by side, each in a process of its own.
        add: Files of cells that were run elsewhere, ``cells.jsonl``, or their folders.

    Raises:
        ResultsError: nothing has been run of it, and nothing is to be.
        UsageError: a file of cells cannot be read, or cells cannot run side by side.
        EnvironmentFault: see :func:`tune_dml.comparisons.running.run_cells`.
    """
    if run:
        check_peers(comparison)
    options = {**(manners or {}), "results": results}
    if run and at_once > 1 and options.get("address") is None:
        options |= {"concurrency": _slots_of_each(at_once, options.get("concurrency"))}
    folder = ComparisonFolder(results, comparison.name)
    for file in add:
        taken, there = add_cells(absolute_path(file), comparison, folder.made())
        others = f"; the other {there - taken} are here already, or of another comparison" if taken < there else ""
        (out.line if taken else out.warn)(f"{taken} of the {there} cells of {file} were taken{others}.")
    if mistaken := folder.of_another(comparison):
        out.warn(mistaken)
    if run:
        for useless in pointless(comparison):
            out.warn(useless)
        check_tasks(comparison, folder, options)
        write_text_atomic(folder.made().comparison_file, comparison_text(comparison))
        if at_once > 1:
            state = run_side_by_side(comparison, folder, _command(comparison, folder, options), at_once, out)
        else:
            state = _run_cells(comparison, folder, options, out)
    elif not folder.path.is_dir():
        raise ResultsError(f"There is no comparison '{comparison.name}' in {results}.")
    else:
        # What lies beside it is summed up of it.
        write_text_atomic(folder.comparison_file, comparison_text(comparison))
    found = tuple(folder.results(comparison))
    for path in sorted(folder.damaged):
        out.warn(f"{path} is damaged; its cell counts as not run.")
    if run and state.elsewhere:
        out.line(f"Another process is running {state.elsewhere} of the cells.")
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


def run_beside_others(comparison: Comparison, results: str, out: Output, manners: Mapping[str, Any]) -> int:
    """What a process does that :func:`compare` has started: run cells that no other has, and sum nothing up. It ends
    with its standard input.

    Returns:
        The exit code.
    """
    end_with_standard_input()
    folder = ComparisonFolder(results, comparison.name)
    state = _run_cells(comparison, folder, {**manners, "results": results}, out)
    return EXIT_CODE if state.interrupted else 0


def _run_cells(comparison: Comparison, folder: ComparisonFolder, manners: Mapping[str, Any], out: Output) -> Run:
    return run_cells(comparison, folder, lambda cell: _run(cell, folder, comparison.metric, manners, out), out)


def _slots_of_each(at_once: int, concurrency: int | None) -> int:
    """Trials at a time in each of so many processes of this machine."""
    if visible_gpus():
        raise UsageError(
            "On a machine with GPUs, cells side by side share them through Ray: 'ray start --head', then add "
            "--address auto."
        )
    return concurrency or max(1, int(cores()) // at_once)


def _command(comparison: Comparison, folder: ComparisonFolder, manners: Mapping[str, Any]) -> list[str]:
    """Of a process that runs cells beside others."""
    options = [word for name, value in manners.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    plugins = {place: None for arm in comparison.arms for place in arm.options.get("loss_plugins") or ()}
    options += [word for place in plugins for word in ("--loss-plugin", place)]
    return [sys.executable, "-m", "tune_dml", "compare", str(folder.comparison_file), *options, "--quiet", "--part"]


def _report(comparison: Comparison, found: tuple[CellResult, ...], folder: ComparisonFolder) -> ComparisonReport | None:
    known = scores(found)
    if not known:
        return None
    metric = metric_named(metric_of_all(found))
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

    request = request_of(cell, folder.cells / "recipes", metric, manners)
    if cell.arm.peer is not None:
        return run_probe(cell, request, out) if cell.arm.peer == "linear_probe" else run_peer(cell, request)
    place = results_folder(request.results, create=True) / "searches" / cell.name
    if half_made(place):
        shutil.rmtree(place)
    try:
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
    except EnvironmentFault:
        # Where every training failed, that is no fault of the machine's.
        if (place / "study.log").exists() and (report := stored_report(place)).winner is None and report.failed:
            raise no_score(report) from None
        raise
    if finished.interrupted:
        raise Interrupted
    return result_of(cell, finished.report, metric)
