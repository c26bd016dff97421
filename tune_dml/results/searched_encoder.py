"""An encoder of a search, as ``search.yaml`` has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True)
class SearchedEncoder:
    """One of the encoders that a search tries.

    Attributes:
        key: What trials call it; empty where the search has no other.
        name: Of a folder or on the hub, as it was given.
        sha256, parameters: Of its weights.
        max_length: Tokens kept of each text.
        space_text: What is searched with it, resolved.
        prefix: What every text begins with when it reads it.
        representation: Its own, of baselines and where the space says nothing of it.
    """

    key: str
    name: str
    sha256: str
    parameters: int
    max_length: int
    space_text: str
    prefix: str = ""
    representation: str = "mean"


def keys_of(names: Iterable[str]) -> tuple[str, ...]:
    """What trials call encoders of these names: of a folder its last part, of the hub's what follows the owner; with a
    number where two would be called the same."""
    keys: list[str] = []
    for name in names:
        short = PurePath(name.rstrip("/")).name or name
        key, count = short, 2
        while key in keys:
            key, count = f"{short}-{count}", count + 1
        keys.append(key)
    return tuple(keys)
