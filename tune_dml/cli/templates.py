"""``tune-dml templates``: what texts are put in where prompts are on."""

from __future__ import annotations

from typing import Annotated

import typer

from tune_dml.cli import terminal
from tune_dml.cli.arguments import Debug, Json

EXAMPLES = """
tune-dml templates
tune-dml templates topic > mine.txt     # to edit, and give with --templates
tune-dml search --task bbc --space dynamar --templates mine.txt
"""


def templates(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Of a list; all lists unless given.")] = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """List templates for prompts, or those of one list.

    Which list a task has is decided by what it is; --templates takes another, or a file.
    """
    from tune_dml.data import SHIPPED
    from tune_dml.errors import UsageError, nearest

    if name is not None and name not in SHIPPED:
        raise UsageError(f"There is no list of templates '{name}': {nearest(name, tuple(SHIPPED))}")
    if json:
        terminal.print_json(SHIPPED if name is None else list(SHIPPED[name]))
    elif name is not None:
        terminal.print_lines(SHIPPED[name])
    else:
        terminal.print_table(
            ["list", "templates", "the first"],
            [(each, str(len(texts)), texts[0]) for each, texts in SHIPPED.items()],
            right=("templates",),
        )
