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


@dataclass(frozen=True)
class Oddity:
    """One way to be odd.

    Attributes:
        group: What table it stands under; of most groups a run has one oddity at most.
        kinds: Of runs that it can be in; first the one that shows it best.
        case: Of the list of faults that it looks for; ``None`` where it looks for none of them.
        works: Whether refusing it is a fault.
    """

    name: str
    group: str
    kinds: tuple[str, ...]
    case: int | None
    works: bool
    change: Change


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
