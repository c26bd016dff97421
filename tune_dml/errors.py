"""The errors that a caller may see. The command line turns each into one or two plain sentences and its exit code."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

#: Names that are compared to guess what was meant: how long, and how many.
_LONGEST_NAME, _MOST_NAMES = 200, 1_000
#: Names listed in a sentence.
_LISTED = 5


class TuneDMLError(Exception):
    """Base of every error that tune-dml raises on purpose.

    The message is one or two plain sentences: what is wrong, the rule, and what to do. Much of it may be quoted from
    files of others: it is kept :func:`printable` and its lines short.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str) -> None:
        super().__init__("\n".join(shortened(line) for line in printable(message).split("\n")))


class UsageError(TuneDMLError):
    """An option or argument is wrong, alone or together with another one."""


class DataError(UsageError):
    """A task's data is missing, unreadable, or unfit for what was asked of it."""


class SpaceError(UsageError):
    """A search-space file breaks the format; the message lists every problem found."""


class ConfigurationError(UsageError):
    """A configuration (as in ``best.yaml``) has unknown, missing or out-of-range values."""


class ModelError(UsageError):
    """A model folder or encoder is missing, incomplete or of the wrong kind."""


class ResultsError(UsageError):
    """A results folder or a search in it is missing, unreadable, or in the wrong state for the command."""


class EnvironmentFault(TuneDMLError):
    """Something outside the user's command failed: a network, a disk, a server, a cluster."""

    exit_code: ClassVar[int] = 3


class StoreFault(EnvironmentFault):
    """MLflow's store has a fault that does not go away by itself: damage, another schema, no permission, no MLflow."""


class HubUnreachableError(EnvironmentFault):
    """The Hugging Face hub did not answer in time."""


class TrainingFailure(TuneDMLError):
    """One training run cannot be used. It is recorded with its reason and the search goes on.

    Attributes:
        reason: ``"nan"``, ``"out_of_memory"``, ``"collapse"`` (one class for every example) or ``"error"``.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type[TrainingFailure], tuple[str, str]]:
        return type(self), (self.reason, str(self))


def printable(text: str) -> str:
    """Control characters and lone surrogates, which a terminal would obey or refuse, as escapes; line breaks stay."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def shortened(text: str, limit: int = 1_000) -> str:
    """The beginning and the end of a text of more than ``limit`` characters."""
    return text if len(text) <= limit else f"{text[: limit // 2]} [...] {text[-limit // 3 :]}"


def first_line(error: BaseException) -> str:
    """What another library's error says, in one line that begins with its kind."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__


def nearest(name: str, valid: Iterable[str]) -> str:
    """A hint for a message about an unknown ``name``: the closest valid name, else all of them."""
    names = sorted(valid)
    # Comparing takes time in proportion to the product of the lengths; what is much longer is no misspelling.
    typed = [n.lower() for n in names if len(n) <= _LONGEST_NAME]
    close = difflib.get_close_matches(str(name)[:_LONGEST_NAME].lower(), typed[:_MOST_NAMES], n=1, cutoff=0.5)
    for candidate in names:
        if close and candidate.lower() == close[0]:
            return f"did you mean '{candidate}'?"
    return f"valid names: {', '.join(names)}."


def some_of(names: Sequence[str]) -> str:
    """Names in a sentence, each quoted; of many the first ones."""
    listed = ", ".join(f"'{name}'" for name in names[:_LISTED])
    return f"{listed}, ..." if len(names) > _LISTED else listed


def called_here(name: str, valid: Iterable[str], elsewhere: Mapping[str, str]) -> str:
    """:func:`nearest`, but for a name that other tools have: what it is called here, by ``elsewhere``."""
    known = elsewhere.get(name.lower())
    return nearest(name, valid) if known is None else f"it is called '{known}' here."
