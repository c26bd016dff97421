"""``tune-dml losses``: the losses that can be searched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tune_dml.cli import terminal
from tune_dml.cli.arguments import Debug, Json, LossPlugin

if TYPE_CHECKING:
    from tune_dml.losses import LossSpec

EXAMPLES = """
tune-dml losses
tune-dml losses softtriple
"""


def losses(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Show all of this one.")] = None,
    loss_plugin: LossPlugin = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """List the losses, or show one with its hyperparameters."""
    from tune_dml.losses import LOSSES, add_plugins, loss_named

    add_plugins(loss_plugin or ())
    if name is not None:
        spec = loss_named(name)
        if json:
            terminal.print_json(_document(spec))
        else:
            _show(spec)
    elif json:
        terminal.print_json([_document(spec) for spec in LOSSES.values()])
    else:
        terminal.print_table(
            ["loss", "own parameters", "needs positives", "needs negatives", "paper"],
            [
                (
                    spec.name,
                    _yes(spec.owns_parameters),
                    _yes(spec.needs_positives),
                    _yes(spec.needs_negatives),
                    spec.paper,
                )
                for spec in LOSSES.values()
            ],
        )
        terminal.print_lines(["'tune-dml losses NAME' shows the hyperparameters of one."])


def _show(spec: LossSpec) -> None:
    terminal.print_lines(
        [
            f"{spec.name}: {spec.paper}",
            f"Has parameters of its own, trained with loss_lr: {_yes(spec.owns_parameters)}.",
            f"Needs two examples of a class in a batch: {_yes(spec.needs_positives)}.",
            f"Needs two classes in a batch: {_yes(spec.needs_negatives)}.",
        ]
    )
    if not spec.hyperparameters:
        terminal.print_lines(["It has no hyperparameters of its own."])
        return
    terminal.print_table(
        ["hyperparameter", "default", "range", "source"],
        [(f"{spec.name}/{own}", str(h.default), str(h.domain), h.source) for own, h in spec.hyperparameters.items()],
        right=("default",),
    )


def _document(spec: LossSpec) -> dict[str, object]:
    return {
        "name": spec.name,
        "paper": spec.paper,
        "owns_parameters": spec.owns_parameters,
        "needs_positives": spec.needs_positives,
        "needs_negatives": spec.needs_negatives,
        "hyperparameters": {
            own: {"default": h.default, "range": str(h.domain), "source": h.source}
            for own, h in spec.hyperparameters.items()
        },
    }


def _yes(value: bool) -> str:
    return "yes" if value else "no"
