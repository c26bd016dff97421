"""Whether one copy of a journal is older than another: journals only grow."""

from __future__ import annotations

from enum import Enum


class Relation(Enum):
    """How a journal stands to another one."""

    SAME = "same"
    BEHIND = "behind"
    AHEAD = "ahead"
    APART = "apart"


def relation(one: bytes, other: bytes) -> Relation:
    """How ``one`` stands to ``other``; torn last lines do not count."""
    one, other = whole_lines(one), whole_lines(other)
    if one == other:
        return Relation.SAME
    if other.startswith(one):
        return Relation.BEHIND
    return Relation.AHEAD if one.startswith(other) else Relation.APART


def whole_lines(text: bytes) -> bytes:
    """Up to and with the last end of a line."""
    return text[: text.rfind(b"\n") + 1]
