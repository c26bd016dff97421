"""Holds the results of two runs against one another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from .contents import contents

#: Characters of a value that are shown.
SHOWN = 100
_NOTHING = object()


@dataclass(frozen=True)
class Compared:
    """One file of one search in both runs.

    Attributes:
        values: How many there are before.
        differences: How many of them differ, are new or are gone.
        first: Where the first of these is, and what it is before and after.
    """

    what: str
    values: int
    differences: int = 0
    first: str = ""

    @property
    def same(self) -> bool:
        return not self.differences

    @property
    def line(self) -> str:
        if self.same:
            return f"{self.what}: the same ({self.values} values)"
        if not self.values:
            return f"{self.what}: DIFFERENT, {self.first}"
        return f"{self.what}: {self.differences} of {self.values} values DIFFER, first {self.first}"


def compare(before: Path, after: Path) -> list[Compared]:
    """Every file of every search, in order of their names; a search or file that only one run has differs."""
    compared = []
    for name in sorted({folder.name for root in (before, after) for folder in (root / "searches").glob("*")}):
        searches = [root / "searches" / name for root in (before, after)]
        missing = [str(folder) for folder in searches if not (folder / "search.yaml").is_file()]
        if missing:
            compared.append(Compared(name, 0, 1, f"there is no search in {', '.join(missing)}"))
            continue
        old, new = map(contents, searches)
        for file in sorted({*old, *new}):
            compared.append(compare_values(f"{name}: {file}", old.get(file, _NOTHING), new.get(file, _NOTHING)))
    return compared


def compare_values(what: str, before: Any, after: Any) -> Compared:
    """Two values: mappings, lists, or plain ones, which are the same if their type is and all they say is."""
    found = list(differences(before, after))
    if not found:
        return Compared(what, sum(1 for _ in _leaves(before)))
    key, one, other = found[0]
    return Compared(
        what, sum(1 for _ in _leaves(before)), len(found), f"{key}: {_shown(one)} before, {_shown(other)} after"
    )


def differences(before: Any, after: Any, key: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two values differ, in the order in which they stand there: a path, and both values."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys([*before, *after]):
            yield from differences(before.get(name, _NOTHING), after.get(name, _NOTHING), f"{key}/{name}")
        if list(before) != list(after) and before.keys() == after.keys():
            yield f"{key or '/'} (order of keys)", list(before), list(after)
    elif isinstance(before, list) and isinstance(after, list):
        for number, (one, other) in enumerate(zip_longest(before, after, fillvalue=_NOTHING)):
            yield from differences(one, other, f"{key}[{number}]")
    elif before is not after and (type(before) is not type(after) or repr(before) != repr(after)):
        # By their text, so that -0.0 is not 0.0, and what is not a number is itself.
        yield key or "/", before, after


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    elif value is not _NOTHING:
        yield value


def _shown(value: Any) -> str:
    if value is _NOTHING:
        return "nothing"
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
