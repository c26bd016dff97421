"""One process drives a search at a time."""

from __future__ import annotations

from pathlib import Path

from tune_dml.config.locks import FileLock, Held, Lost, hold, is_held
from tune_dml.errors import ResultsError

_NAME = "driver.lock"


def is_driven(folder: Path) -> bool:
    """Whether a process is running the search in ``folder``."""
    return is_held(folder / _NAME)


def only_driver(folder: Path) -> FileLock:
    """Hold the search in ``folder`` for this process; it is let go of when the process ends, however it ends.

    Raises:
        ResultsError: another process is running it.
    """
    try:
        return hold(folder / _NAME)
    except Held as held:
        who = str(held) if str(held) == "another process" else f"another process ({held})"
        raise ResultsError(f"The search {folder.name} is being run by {who}; wait for it or stop it.") from None


def check_driver(folder: Path, lock: FileLock | None) -> None:
    """Make sure that the search is still this process's.

    Raises:
        ResultsError: another one took it over while this one stood still.
    """
    try:
        if lock is not None:
            lock.check()
    except Lost as lost:
        raise ResultsError(
            f"The search {folder.name} was taken over by {lost} while this process stood still; it goes on there."
        ) from None
