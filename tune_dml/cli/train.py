"""``tune-dml train``: one configuration, trained once."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tune_dml.cli import terminal
from tune_dml.cli.arguments import Debug, Encoding, Json, LossPlugin, NoHeader, Quiet, Verbose

EXAMPLES = """
tune-dml train --config best.yaml --seed 0     # the model that the search saved
tune-dml train --config best.yaml --fold 2     # the winner's second round
tune-dml train --config best.yaml --data new.csv --output my-model
"""


def train(
    config: Annotated[str, typer.Option("--config", metavar="FILE", help="A best.yaml that a search wrote.")],
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Train on the whole draw as confirm seed N did.")
    ] = None,
    fold: Annotated[
        int | None, typer.Option(metavar="N", help="Train on what round N trained on, and score its held-out part.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(metavar="PATH", help="The search's data elsewhere, or more or other labelled texts.")
    ] = None,
    text_column: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Column of the text in --data; give it twice for pairs.")
    ] = None,
    label_column: Annotated[str | None, typer.Option(metavar="NAME", help="Column of the label in --data.")] = None,
    encoding: Encoding = None,
    no_header: NoHeader = False,
    output: Annotated[
        str, typer.Option("--output", metavar="DIR", help="Folder for the model and its predictions.")
    ] = "tune-dml-train",
    loss_plugin: LossPlugin = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Train one configuration once and save the model.

    With the data of the search, what it measured for that seed or fold comes out again. With other data, the same
    recipe gives a model of its own, trained on all of it.
    """
    from tune_dml.workflows.train import train as workflow

    given = {"text_columns": tuple(text_column or ()), "label_column": label_column, "encoding": encoding}
    reading: dict[str, Any] = {name: value for name, value in given.items() if value}
    if no_header:
        reading["header"] = False
    with terminal.output(json, quiet, verbose, debug) as out:
        result = workflow(config, seed, fold, data, output, out, loss_plugins=tuple(loss_plugin or ()), reading=reading)
    if json:
        terminal.print_json(result.document)
    else:
        terminal.print_lines(result.lines)
