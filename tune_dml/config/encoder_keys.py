"""What a search with several encoders calls each of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath


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
