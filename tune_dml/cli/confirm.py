"""``tune-dml confirm``: score a search's winner on the test split."""

from __future__ import annotations

from typing import Annotated

import typer

from tune_dml.cli import terminal
from tune_dml.cli.arguments import (
    DEFAULTS,
    Debug,
    Ensemble,
    Json,
    LossPlugin,
    OtherStore,
    Quiet,
    Results,
    TrackingUri,
    Verbose,
)

EXAMPLES = """
tune-dml confirm sst2-50-20250131-brave-otter
tune-dml confirm sst2-50-20250131-brave-otter --seeds 10 --ensemble
"""


def confirm(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the search; 'tune-dml list' shows them.")],
    seeds: Annotated[
        int | None,
        typer.Option("--seeds", "--confirm-seeds", metavar="N", help="Trainings of each; what the search asked for."),
    ] = None,
    ensemble: Ensemble = DEFAULTS.ensemble,
    loss_plugin: LossPlugin = None,
    results: Results = DEFAULTS.results,
    tracking_uri: TrackingUri = None,
    store: OtherStore = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Score a search's winner on the test split.

    The winner, two runners-up, the best cross entropy and the baselines are retrained on the whole draw with
    fresh seeds.
    """
    from tune_dml.workflows.confirm import confirm as workflow

    with terminal.output(json, quiet, verbose, debug) as out:
        finished = workflow(
            results,
            name,
            seeds,
            ensemble,
            out,
            tracking_uri=tracking_uri,
            store=store,
            loss_plugins=tuple(loss_plugin or ()),
        )
    return terminal.finish(finished, json)
