"""Paths in files of results, which may have been moved since they were written."""

from __future__ import annotations

from pathlib import Path


def followed(path: str, former: str | Path, results: str | Path, there: bool = True) -> str:
    """A path as it is now: what was inside of a results folder is where that folder is.

    Args:
        path: As it was written; names that are no absolute paths, and paths of elsewhere, stay.
        former: The results folder at that time.
        results: The same folder now.
        there: Only if there is something at the new place.
    """
    given = Path(path)
    if not given.is_absolute() or not given.is_relative_to(former):
        return path
    now = Path(results) / given.relative_to(former)
    return str(now) if not there or now.exists() else path


def in_search(path: str, folder: Path) -> str:
    """The same for a path inside of a search's folder, of which it is only known that it was ``searches/NAME``."""
    parts = Path(path).parts
    places = [at for at, part in enumerate(parts[:-1]) if part == folder.parent.name]
    for at in reversed(places):
        now = folder.joinpath(*parts[at + 2 :])
        if now.exists():
            return str(now)
    return path
