"""``tune-dml compare``: does one way beat another?"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tune_dml.cli import terminal
from tune_dml.cli.arguments import (
    DEFAULTS,
    Debug,
    Json,
    LossPlugin,
    Quiet,
    Results,
    TrackingUri,
    Verbose,
    count_or_word,
    listed,
)

EXAMPLES = """
tune-dml compare small                                      # a few minutes: bbc, three arms, five draws
tune-dml compare --tasks bbc --shots 50 --draws 5 --losses ce,supcon,softtriple
tune-dml compare my-comparison.yaml --dry-run               # how many cells, and how long
tune-dml compare my-comparison.yaml                         # again: goes on where it was
tune-dml compare my-comparison.yaml --no-run --json         # what it shows so far
tune-dml compare my-comparison.yaml --cells-at-once 4 --address auto    # on a cluster
"""


def compare(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE|NAME",
            help="A comparison's YAML file; one that comes along: small, papers, peers; or one in the results folder.",
        ),
    ] = None,
    tasks: Annotated[list[str] | None, typer.Option(metavar="A,B", help="Instead of a file: the tasks.")] = None,
    shots: Annotated[
        list[str] | None, typer.Option(metavar="N,M", help="Labelled texts in all; 50 unless told.")
    ] = None,
    draws: Annotated[int | None, typer.Option(metavar="N", help="How many few-shot samples; 5 unless told.")] = None,
    losses: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="Each an arm of its own, the first the reference.")
    ] = None,
    encoder: Annotated[str | None, typer.Option(metavar="NAME", help="Of all arms.")] = None,
    trials: Annotated[int | None, typer.Option(metavar="N", help="Configurations that each arm may try.")] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What the comparison is called.")] = None,
    results: Results = DEFAULTS.results,
    address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="A running Ray cluster; 'auto' on one of its nodes.")
    ] = DEFAULTS.address,
    concurrency: Annotated[
        int | None, typer.Option(metavar="N", help="Trials of a cell at a time; as many as fit unless told.")
    ] = None,
    cells_at_once: Annotated[
        int, typer.Option(metavar="N", min=1, help="Cells side by side, each in a process of its own.")
    ] = 1,
    add_cells: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Take cells that were run elsewhere: cells.jsonl of such a folder."),
    ] = None,
    tracking_uri: TrackingUri = DEFAULTS.tracking_uri,
    loss_plugin: LossPlugin = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be run and how long it takes.")] = False,
    part: Annotated[bool, typer.Option("--part", hidden=True)] = False,
    no_run: Annotated[bool, typer.Option("--no-run", help="Run nothing; sum up what there is.")] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Compare ways of training on the same few-shot samples: tasks x shots x draws x arms.

    Each cell is an ordinary search. What has been run is not run again: stop it, and start it again.
    """
    from tune_dml.errors import UsageError
    from tune_dml.workflows.compare import compare as workflow
    from tune_dml.workflows.compare import comparison_named, run_beside_others
    from tune_dml.workflows.comparison_plan import price

    given: dict[str, Any] = {
        "tasks": listed("--tasks", tasks),
        "shots": [count_or_word(text) for text in listed("--shots", shots) or ()] or None,
        "draws": draws,
        "arms": listed("--losses", losses),
        "encoder": encoder,
        "trials": trials,
        "name": name,
        "loss_plugins": loss_plugin if file is None else None,
    }
    given = {key: value for key, value in given.items() if value is not None}
    if dry_run and add_cells:
        raise UsageError("--add-cells writes into the results folder, and --dry-run does not; give --no-run first.")
    comparison = comparison_named(file, given, results, tuple(loss_plugin or ()))
    manners = {"address": address, "concurrency": concurrency, "tracking_uri": tracking_uri}
    manners = {key: value for key, value in manners.items() if value is not None}
    with terminal.output(json, quiet, verbose, debug) as out:
        if dry_run:
            plan = price(comparison, results, out, manners)
        elif part:
            return run_beside_others(comparison, results, out, manners)
        else:
            compared = workflow(
                comparison,
                results,
                out,
                manners=manners,
                run=not no_run,
                at_once=cells_at_once,
                add=add_cells or (),
            )
    if dry_run:
        if json:
            terminal.print_json(plan.document)
        else:
            terminal.print_lines(plan.lines)
        return 0
    return _shown(compared, json, run=not no_run)


def counts(compared: Any) -> dict[str, int]:
    """Cells that there are, and those that have been run."""
    return {"cells": sum(1 for _ in compared.comparison.cells()), "done": len(compared.results)}


def _shown(compared: Any, json: bool, run: bool) -> int:
    from tune_dml.errors import EnvironmentFault
    from tune_dml.execution import exit_at_once
    from tune_dml.reporting.comparison import answer, tables, to_document

    report = compared.report
    if json:
        without = {"answer": [], "comparison": {"name": compared.comparison.name, **counts(compared)}}
        terminal.print_json(without if report is None else to_document(report))
    elif report is None:
        terminal.print_lines(["No cell has a score yet, of what the comparison is now."])
    else:
        for table in tables(report):
            brief = table.brief()
            terminal.print_lines([brief.title])
            terminal.print_table(brief.headers, brief.rows, right=brief.headers[brief.text :], row_per_line=True)
        terminal.print_lines([*answer(report), f"Report: {report.folder}/report.html"])
    if compared.run.interrupted:
        terminal.note("Stopped; the same command goes on.")
        exit_at_once()
    # What has no score is tried again by the same command.
    failed = compared.run.failed or any(r.value is None for r in compared.results)
    return EnvironmentFault.exit_code if run and failed else 0
