"""``tune-dml show``: the leaderboard of one search."""

from __future__ import annotations

from typing import Annotated

import typer

from tune_dml.cli import terminal
from tune_dml.cli.arguments import DEFAULTS, Debug, Json, LossPlugin, Results

EXAMPLES = """
tune-dml show sst2-50-20250131-brave-otter
tune-dml show sst2-50-20250131-brave-otter --json > result.json
"""


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the search; 'tune-dml list' shows them.")],
    results: Results = DEFAULTS.results,
    loss_plugin: LossPlugin = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Show what a search found."""
    from rich.console import Console

    from tune_dml.losses import add_plugins
    from tune_dml.reporting import print_leaderboard, to_json
    from tune_dml.workflows.show import show as workflow

    add_plugins(loss_plugin or ())
    report = workflow(results, name)
    if json:
        terminal.print_json(to_json(report))
    else:
        print_leaderboard(report, Console())
