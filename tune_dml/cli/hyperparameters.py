"""``tune-dml hyperparameters``: what a recipe consists of beside its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tune_dml.cli import terminal
from tune_dml.cli.arguments import Debug, Json

if TYPE_CHECKING:
    from tune_dml.recipe import Hyperparameter

EXAMPLES = """
tune-dml hyperparameters
tune-dml hyperparameters projection
tune-dml hyperparameters lr
"""


def hyperparameters(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Show this one, or this ingredient.")] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """List what a recipe has beside its loss, or show a part.

    Every recipe has the first ones; those with a slash belong to ingredients, which may be on or off. Those of a loss:
    'tune-dml losses NAME'.
    """
    from tune_dml.recipe.overview import overview

    rows = overview(name)
    if json:
        terminal.print_json([{"name": row.name, "ingredient": row.ingredient, **_document(row.value)} for row in rows])
        return
    terminal.print_table(
        ["hyperparameter", "default", "may be", "what it is, and its source"],
        [(row.name, _shown(row.value.default), _domain(row.value), row.value.source) for row in rows],
        right=("default",),
    )
    if name is None:
        terminal.print_lines(["In a space: 'epochs: {int: [5, 25]}', 'projection: {kind: mlp, size: 64}'."])


def _document(value: Hyperparameter) -> dict[str, object]:
    return {"default": value.default, "range": _domain(value), "source": value.source}


def _domain(value: Hyperparameter) -> str:
    return f"{value.domain}, or all" if value.optional else str(value.domain)


def _shown(default: object) -> str:
    return "all" if default is None else str(default).lower() if isinstance(default, bool) else str(default)
