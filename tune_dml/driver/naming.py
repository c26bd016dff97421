"""What a search is called: as asked, or by its task, its shots, the day and two words."""

from __future__ import annotations

import secrets
from collections.abc import Container
from datetime import date
from pathlib import Path

from tune_dml.config import DrawSettings, command, command_for, slug
from tune_dml.driver.request import SearchRequest
from tune_dml.errors import ResultsError

_FIRST = (
    "amber bold brisk calm clear coral crisp eager early fair gentle golden keen light lucid merry noble quiet rapid"
)
_SECOND = "anchor birch comet delta ember falcon grove harbor island lagoon maple meadow otter pine river robin summit"


def search_name(request: SearchRequest, draw: DrawSettings, results: Path, taken: Container[str] = ()) -> str:
    """The given name, or ``<task>-<shots>-<date>-<two words>``.

    Args:
        taken: Names of the searches in the store.

    Raises:
        ResultsError: the name is taken, or holds no letter or digit.
    """
    if request.name is None:
        shots = draw.shots or (f"{draw.shots_per_class}-per-class" if draw.shots_per_class else "full")
        # Shots, day and words follow.
        task = slug(request.task.removeprefix("hub:"), longest=50) or "task"
        while True:
            words = f"{secrets.choice(_FIRST.split())}-{secrets.choice(_SECOND.split())}"
            name = f"{task}-{shots}-{date.today().isoformat()}-{words}"
            if not (results / "searches" / name).exists() and name not in taken:
                return name
    name = slug(request.name)
    if not name:
        raise ResultsError(f"--name '{request.name}' has no letter or digit to name a folder with.")
    folder = results / "searches" / name
    if folder.exists():
        raise name_taken(folder)
    if name in taken:
        raise ResultsError(
            f"A search named '{name}' is in the store {request.store}. Go on with it: "
            f"{command('fetch', results, str(request.store), name)}, then {command_for('resume', folder)}; "
            "or choose another --name."
        )
    return name


def name_taken(folder: Path) -> ResultsError:
    """That a search is in ``folder`` already."""
    resume = command_for("resume", folder)
    return ResultsError(f"A search named '{folder.name}' exists. Go on with it: {resume}, or choose another --name.")
