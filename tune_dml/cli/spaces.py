"""``tune-dml spaces``: the search spaces that come with tune-dml, and checks of one's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from tune_dml.cli import terminal
from tune_dml.cli.arguments import Debug, Json, LossPlugin
from tune_dml.errors import UsageError

HELP = "Search spaces: list, show, check and copy them."
EXAMPLES = """
tune-dml spaces list
tune-dml spaces copy default my.yaml
tune-dml spaces check my.yaml
tune-dml search --task bbc --space my.yaml
"""
LIST_EXAMPLES = "tune-dml spaces list"
SHOW_EXAMPLES = """
tune-dml spaces show default
tune-dml spaces show my.yaml --losses ce,supcon --size large
"""
CHECK_EXAMPLES = "tune-dml spaces check my.yaml"
COPY_EXAMPLES = "tune-dml spaces copy softtriple my.yaml"

#: What the shipped spaces have in common, and the line that brings it in.
_SHARED = "_shared.yaml"
_INCLUDE = f"include: [{_SHARED}]"


def list_spaces(json: Json = False, debug: Debug = False) -> None:
    """List the search spaces that come with tune-dml."""
    from tune_dml.spaces import load_space, parameter_names, shipped_spaces

    rows = []
    for name, path in shipped_spaces().items():
        space = load_space(name)
        rows.append((name, list(space.losses), len(parameter_names(space)), len(space.first), str(path)))
    if json:
        keys = ("name", "losses", "searched", "first", "path")
        terminal.print_json([dict(zip(keys, row, strict=True)) for row in rows])
        return
    terminal.print_table(
        ["space", "losses", "searched", "tried first"],
        [(name, ", ".join(losses), str(searched), str(first)) for name, losses, searched, first, _ in rows],
        right=("searched", "tried first"),
    )


def show(
    space: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A shipped name or a YAML file.")],
    losses: Annotated[str, typer.Option(metavar="A,B", help="Only these of its losses.")] = "",
    size: Annotated[
        str, typer.Option(metavar="SIZE", help="Ranges for small encoders (as MiniLM), base or large ones.")
    ] = "small",
    loss_plugin: LossPlugin = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Show a search space: ranges, and when they apply."""
    from tune_dml.losses import add_plugins
    from tune_dml.spaces import describe, load_space, parameter_names

    add_plugins(loss_plugin or ())
    kept = [name.strip() for name in losses.split(",") if name.strip()]
    found = load_space(space, kept, size)
    rows = describe(found)
    if json:
        terminal.print_json(
            {
                "name": found.name,
                "parameters": [
                    {"name": row.name, "values": row.values, "searched": row.searched, "applies": row.applies}
                    for row in rows
                ],
                "first": [dict(row) for row in found.first],
            }
        )
        return
    terminal.print_table(
        ["hyperparameter", "values", "searched", "applies when"],
        [(row.name, row.values, "yes" if row.searched else "fixed", row.applies or "always") for row in rows],
    )
    terminal.print_lines(
        [
            f"{_counted(len(parameter_names(found)), 'hyperparameter')} searched; "
            f"{_counted(len(found.first), 'configuration')} tried before the sampler starts."
        ]
    )


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A YAML file.")],
    loss_plugin: LossPlugin = None,
    debug: Debug = False,
) -> None:
    """Check a search-space file; every problem is reported."""
    from tune_dml.losses import add_plugins
    from tune_dml.spaces import load_space, parameter_names

    add_plugins(loss_plugin or ())
    space = load_space(file)
    searched = _counted(len(parameter_names(space)), "hyperparameter")
    terminal.print_lines([f"{file} is a valid search space ({searched} searched).", *space.notes])


def copy(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A shipped name: 'tune-dml spaces list' shows them.")],
    file: Annotated[str, typer.Argument(metavar="FILE", help="Where to write it; must not exist yet.")],
    debug: Debug = False,
) -> None:
    """Copy a shipped search space to a file of your own."""
    from tune_dml.spaces import space_path

    text = _standing_alone(space_path(name))
    target = Path(file)
    if not target.parent.is_dir():
        raise UsageError(f"There is no folder {target.parent}; make it first.")
    try:
        with target.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{file} exists and is not overwritten; name another file or remove it.") from None
    terminal.print_lines([f"{file} holds the search space '{name}'; use it with --space {file}."])


def _standing_alone(path: Path) -> str:
    """A shipped space with what it includes written into it, so that the copy needs no other file."""
    from tune_dml.losses import LOSSES
    from tune_dml.spaces import load_space

    text = path.read_text(encoding="utf-8")
    if f"\n{_INCLUDE}\n" not in text:
        return text
    shared = _entries((path.parent / _SHARED).read_text(encoding="utf-8").partition("\n\n")[2])
    header, _, body = text.partition(f"{_INCLUDE}\n")
    own = _entries(body)
    absent = set(LOSSES) - set(load_space(path.stem).losses)
    # Every shipped space names its losses first: conditions of the shared part depend on them.
    parts = [own.pop("loss"), *(own.pop(key, entry) for key, entry in shared.items() if key not in absent)]
    note = '# "small" are encoders such as MiniLM, "base" such as BERT-base and MPNet, "large" such as RoBERTa-large.'
    return f"{header.rstrip()}\n{note}\n\n{''.join([*parts, *own.values()]).strip()}\n"


def _entries(text: str) -> dict[str, str]:
    """The top-level entries of a space, each with the remarks and empty lines above it."""
    found = re.finditer(r"(?:#.*\n|\n)*^(\w+):.*\n(?: .*\n)*", text.rstrip() + "\n", re.M)
    return {entry[1]: entry[0] for entry in found}


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
