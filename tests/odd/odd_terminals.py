"""Odd ways to show what is printed, and languages of the system."""

from __future__ import annotations

from functools import partial

from .attempt import Attempt
from .oddity import AROUND, surrounding
from .surroundings import close, print_to, print_to_nobody

_STRICT = "import sys\nfor stream in (sys.stdout, sys.stderr):\n    stream.reconfigure(encoding={!r}, errors='strict')"


def _foreign(attempt: Attempt) -> None:
    """Names of classes that English letters cannot show."""
    names = {name: f"{name} 好é" for name in attempt.names}
    for row in attempt.sheet.rows:
        row.label = names.get(row.truth, row.label)
    if not attempt.predicts:
        attempt.names = names


def _terminal(encoding: str) -> None:
    @surrounding(f"a terminal in {encoding}", "terminal", AROUND)
    def change(attempt: Attempt) -> None:
        _foreign(attempt)
        attempt.surroundings.patches.append(_STRICT.format(encoding))


_terminal("ascii")
_terminal("latin-1")


def _language(name: str, **variables: str | None) -> None:
    @surrounding(name, "terminal", AROUND)
    def change(attempt: Attempt) -> None:
        _foreign(attempt)
        attempt.surroundings.set(**variables)


_language("PYTHONIOENCODING=latin-1", PYTHONIOENCODING="latin-1")
_language("PYTHONIOENCODING=ascii:strict", PYTHONIOENCODING="ascii:strict")
_language("LANG=C", LANG="C", LC_ALL=None, LC_CTYPE=None)
_language("LC_ALL=POSIX", LC_ALL="POSIX")
_language("a language that is not there", LC_ALL="tlh_KX.UTF-8", LANG="tlh_KX.UTF-8")


def _narrow(name: str, columns: int, **variables: str) -> None:
    @surrounding(name, "terminal", AROUND)
    def change(attempt: Attempt) -> None:
        attempt.surroundings.terminal = columns
        attempt.surroundings.set(**variables)
        attempt.expected.answers = False


_narrow("a terminal of 20 columns", 20, COLUMNS="20", TERM="xterm")
_narrow("a terminal of 1 column", 1, COLUMNS="1", TERM="xterm")
_narrow("a terminal that does not say how wide it is", 0, TERM="xterm-256color", FORCE_COLOR="1")
_narrow("a terminal that is TERM=dumb", 80, TERM="dumb", NO_COLOR="1")


@surrounding("COLUMNS=20 in a file", "terminal", AROUND)
def columns_in_file(attempt: Attempt) -> None:
    attempt.surroundings.set(COLUMNS="20", LINES="1")


@surrounding("standard output is closed", "terminal", AROUND)
def closed_output(attempt: Attempt) -> None:
    _lost(attempt)
    attempt.surroundings.cold = True
    attempt.surroundings.acts.append(partial(close, 1))


@surrounding("all standard streams are closed", "terminal", AROUND)
def closed_streams(attempt: Attempt) -> None:
    _lost(attempt)
    attempt.surroundings.cold = True
    attempt.surroundings.acts += [partial(close, number) for number in range(3)]


@surrounding("a pipe that nobody reads", "terminal", AROUND)
def broken_pipe(attempt: Attempt) -> None:
    _lost(attempt)
    attempt.surroundings.acts.append(print_to_nobody)


@surrounding("standard output on a full disk", "terminal", AROUND)
def full_disk(attempt: Attempt) -> None:
    _lost(attempt)
    attempt.surroundings.acts.append(partial(print_to, "/dev/full"))


def _lost(attempt: Attempt) -> None:
    attempt.surroundings.output_is_lost = True
    attempt.stdin = False
