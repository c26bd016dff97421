"""``tune-dml fetch``: bring a search from where its copy is kept."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from tune_dml.cli import terminal
from tune_dml.cli.arguments import DEFAULTS, Debug, Json, Results

EXAMPLES = """
tune-dml fetch s3://bucket/searches             # what is there
tune-dml fetch s3://bucket/searches sst2-50-20250131-brave-otter
tune-dml fetch /mnt/shared/searches my-search --results runs
tune-dml fetch cluster.yaml intents             # what 'tune-dml submit' has started
"""


def fetch(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="A cluster file, or what a search had as --store: s3://, gs:// or a folder."
        ),
    ],
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Of the search; without it, those that are there are listed.")
    ] = None,
    on_head: Annotated[
        str | None,
        typer.Option("--from", metavar="DIR", help="Results folder of the cluster's head, if not the usual."),
    ] = None,
    results: Results = DEFAULTS.results,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Bring a search here, from a cluster or a store.

    In the results folder it can be shown and resumed, its model used, and `tune-dml ui` has it. It comes whole or not
    at all; what is there under its name is replaced only if it is an older copy of the same search. To resume it, data
    and encoders that were given as paths must be at the same paths here.
    """
    from tune_dml.config import command
    from tune_dml.workflows import fetch as workflow

    if name is None:
        there = workflow.listed(source, on_head)
        if json:
            terminal.print_json([asdict(search) for search in there])
        elif there:
            rows = [(search.name, _time(search.copied)) for search in there]
            terminal.print_table(["name", "copied"], rows, row_per_line=True)
        else:
            terminal.print_lines([f"There is no search in {source}."])
        return
    fetched, told = workflow.fetch(source, name, results, on_head)
    if json:
        terminal.print_json({**asdict(fetched), "folder": str(fetched.folder)})
        return
    following = command("show" if fetched.state == "finished" else "resume", results, fetched.name)
    what = "has all that is new" if not fetched.news else f"has the search now ({fetched.state})"
    terminal.print_lines([*told, f"{fetched.folder} {what}. Next: {following}"])


def _time(seconds: float | None) -> str:
    return "–" if seconds is None else datetime.fromtimestamp(seconds).isoformat(sep=" ", timespec="seconds")
