"""``tune-dml tasks``: the tasks known by name."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from tune_dml.cli import terminal
from tune_dml.cli.arguments import Debug, Json

if TYPE_CHECKING:
    from tune_dml.data import TaskSpec

EXAMPLES = """
tune-dml tasks
TUNE_DML_DATA=/data tune-dml tasks     # also looks for /data/SST2 and so on
"""


def tasks(json: Json = False, debug: Debug = False) -> None:
    """List the tasks known by name, and which are here."""
    from tune_dml.data import TASKS

    rows = [(spec, _origin(spec), _here(spec)) for spec in TASKS.values()]
    if json:
        terminal.print_json(
            [
                {
                    "name": spec.name,
                    "kind": spec.kind,
                    "description": spec.description,
                    "classes": list(spec.label_names),
                    "source": origin,
                    "here": here or None,
                }
                for spec, origin, here in rows
            ]
        )
        return
    terminal.print_table(
        ["task", "kind", "what", "classes", "from", "here"],
        [
            (spec.name, spec.kind, spec.description, ", ".join(spec.label_names), origin, here or "no")
            for spec, origin, here in rows
        ],
    )
    terminal.print_lines(["Any other data: --task NAME --data FILE, or --task hub:org/name."])


def _origin(spec: TaskSpec) -> str:
    if spec.embedded is not None:
        return f"package {spec.embedded}"
    return f"hub {spec.hub.repository}" if spec.hub is not None else "--data"


def _here(spec: TaskSpec) -> str:
    """Where the data would come from without the hub; empty if it is not on this machine."""
    from tune_dml.data.files import FOLDER_VARIABLE

    folder = Path(os.environ.get(FOLDER_VARIABLE) or os.devnull).expanduser()
    if folder.is_dir() and any(
        path.is_dir() and path.name.casefold() == spec.name.casefold() for path in (folder, *folder.iterdir())
    ):
        return f"yes, {FOLDER_VARIABLE}"
    if spec.embedded is not None:
        try:
            distribution(spec.embedded)
        except PackageNotFoundError:
            return ""
        return "yes"
    return ""
