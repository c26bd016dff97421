"""``tune-dml sync``: write to MLflow what could not be written when it happened."""

from __future__ import annotations

from typing import Annotated

import typer

from tune_dml.cli import terminal
from tune_dml.cli.arguments import DEFAULTS, Debug, Results, TrackingUri

EXAMPLES = """
tune-dml sync                                   # every search that has something left
tune-dml sync sst2-50-20250131-brave-otter
"""


def sync(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this search.")] = None,
    results: Results = DEFAULTS.results,
    tracking_uri: TrackingUri = DEFAULTS.tracking_uri,
    debug: Debug = False,
) -> None:
    """Write to MLflow what an outage kept back."""
    from tune_dml.workflows.sync import sync as workflow

    terminal.print_lines(workflow(results, name, tracking_uri))
