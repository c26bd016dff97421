"""``tune-dml resume``: go on with a search that was interrupted."""

from __future__ import annotations

from typing import Annotated

import typer

from tune_dml.cli import terminal
from tune_dml.cli.arguments import (
    DEFAULTS,
    Debug,
    Elsewhere,
    Json,
    LossPlugin,
    OtherStore,
    Quiet,
    Results,
    TrackingUri,
    Verbose,
)

EXAMPLES = """
tune-dml resume                                 # the latest that is not finished
tune-dml resume sst2-50-20250131-brave-otter
"""


def resume(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Of the search; the latest unfinished one if left out.")
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(metavar="N", help="Trials at a time; as many as before unless told otherwise.")
    ] = None,
    address: Elsewhere = None,
    loss_plugin: LossPlugin = None,
    results: Results = DEFAULTS.results,
    tracking_uri: TrackingUri = None,
    store: OtherStore = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Go on with an interrupted search.

    Trials that finished count; those that were running run again with the same hyperparameters.
    """
    from tune_dml.workflows.resume import resume as workflow

    with terminal.output(json, quiet, verbose, debug) as out:
        finished = workflow(
            results,
            name,
            out,
            concurrency=concurrency,
            address=address,
            tracking_uri=tracking_uri,
            store=store,
            loss_plugins=tuple(loss_plugin or ()),
        )
    return terminal.finish(finished, json)
