"""What commands print, and where."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tune_dml.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from tune_dml.workflows.output import Output
    from tune_dml.workflows.search import Finished


@contextlib.contextmanager
def output(as_json: bool, quiet: bool, verbose: bool, debug: bool) -> Iterator[Output]:
    """Where a workflow reports its progress: stdout, or stderr when stdout belongs to the JSON document.

    Raises:
        UsageError: both quiet and verbose.
    """
    from rich.console import Console

    from tune_dml.workflows.output import Output

    if quiet and verbose:
        raise UsageError("-q and -v contradict each other; give one of them.")
    out = Output(Console(stderr=as_json), quiet, verbose, debug)
    # Libraries print too.
    with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
        yield out


def print_json(document: Any) -> None:
    """The one document of ``--json``."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def print_lines(lines: Iterable[str]) -> None:
    """Sentences as they are: paths and commands in them are for copying and must not be broken."""
    for line in lines:
        print(line, flush=True)


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()) -> None:
    """A table that fits 80 columns: long cells are folded. Columns named in ``right`` hold numbers."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for number, header in enumerate(headers):
        # The first column is the name to type: it stays whole.
        table.add_column(header, justify="right" if header in right else "left", no_wrap=number == 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console: Console = Console()
    console.print(table)


def finish(finished: Finished, as_json: bool) -> int:
    """Prints what a search gave.

    Returns:
        The exit code: 130 when it was interrupted.
    """
    from rich.console import Console

    from tune_dml.reporting import print_leaderboard, to_json

    if as_json:
        print_json(to_json(finished.report))
    else:
        print_leaderboard(finished.report, Console())
    return 130 if finished.interrupted else 0


def number(value: float | None) -> str:
    """A score for a table; a dash where there is none."""
    return "–" if value is None or value != value else f"{value:.3f}"
