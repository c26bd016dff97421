"""The oddities by name: each a function that makes a run odd in one way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .attempt import Attempt

Change = Callable[[Attempt], None]
#: Where the data is read to be searched, and where it is read at all.
SEARCHED = ("dry-run", "search")
READ = ("dry-run", "search", "predict")
#: As ``SEARCHED``, for what a dry run hardly shows.
TRAINED = ("search", "dry-run")
#: All commands, where what is around them is odd.
AROUND = ("search", "dry-run", "predict", "doctor", "train", "look")


@dataclass(frozen=True)
class Oddity:
    """One way to be odd.

    Attributes:
        group: What table it stands under; of most groups a run has one oddity at most.
        kinds: Of runs that it can be in; first the one that shows it best.
        case: Of the list of faults that it looks for; ``None`` where it looks for none of them.
        works: Whether refusing it is a fault.
        around: Whether it is about what is around the commands, and not what they are given.
    """

    name: str
    group: str
    kinds: tuple[str, ...]
    case: int | None
    works: bool
    change: Change
    around: bool = False


ODDITIES: dict[str, Oddity] = {}


def oddity(
    name: str, group: str, kinds: tuple[str, ...], case: int | None = None, works: bool = True
) -> Callable[[Change], Change]:
    """Registers the function below it."""

    def register(change: Change) -> Change:
        assert name not in ODDITIES, name
        ODDITIES[name] = Oddity(name, group, kinds, case, works, change)
        return change

    return register


def surrounding(name: str, group: str, kinds: tuple[str, ...], works: bool = True) -> Callable[[Change], Change]:
    """As :func:`oddity`, of what is around the commands."""

    def register(change: Change) -> Change:
        assert name not in ODDITIES, name
        ODDITIES[name] = Oddity(name, group, kinds, None, works, change, around=True)
        return change

    return register
