"""``tune-dml best``: the best configuration per data set, out of MLflow."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from tune_dml.cli import terminal
from tune_dml.cli.arguments import DEFAULTS, Debug, Json, Results, TrackingUri

EXAMPLES = """
tune-dml best
tune-dml best --task SST2 --json
tune-dml best --tracking-uri http://mlflow.example.org:5000
"""


def best(
    task: Annotated[str | None, typer.Option(metavar="NAME", help="Only this task.")] = None,
    results: Results = DEFAULTS.results,
    tracking_uri: TrackingUri = DEFAULTS.tracking_uri,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Print the best configuration per data set, out of MLflow.

    Searches compare only within the same task, shots, protocol and metric.
    """
    from tune_dml.workflows.best import best as workflow

    rows = workflow(results, tracking_uri, task, terminal.note)
    if json:
        terminal.print_json([asdict(row) for row in rows])
        return
    if not rows:
        which = f" of {task}" if task else ""
        terminal.print_lines([f"MLflow holds no search{which} yet; 'tune-dml search' makes one."])
        return
    terminal.print_table(
        ["task", "shots", "metric", "score", "encoder", "trial", "searches"],
        [
            (row.task, row.shots, row.metric, terminal.number(row.score), row.encoder, row.trial, str(row.searches))
            for row in rows
        ],
        right=("shots", "score", "searches"),
    )
    for row in rows:
        config = ", ".join(f"{name}={value}" for name, value in row.config.items())
        terminal.print_lines([f"{row.task}, {row.shots} shots, search {row.search}: {config or 'no winner yet'}"])
        terminal.print_lines(f"  {page}" for page in (row.page, row.model_page) if page)
