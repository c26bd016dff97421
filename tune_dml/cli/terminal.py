"""What commands print, and where."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tune_dml.config.characters import is_unicode, shown
from tune_dml.errors import UsageError, printable

if TYPE_CHECKING:
    from rich.console import Console

    from tune_dml.driver.drive import Finished
    from tune_dml.reporting.output import Output

#: Characters: a first column up to this is never folded; no column is narrower than this.
_WHOLE = 30
_LEAST = 4


@contextlib.contextmanager
def output(as_json: bool, quiet: bool, verbose: bool, debug: bool) -> Iterator[Output]:
    """Where a workflow reports its progress: stdout, or stderr when stdout belongs to the JSON document.

    Raises:
        UsageError: both quiet and verbose.
    """
    from rich.console import Console

    from tune_dml.reporting.output import Output

    if quiet and verbose:
        raise UsageError("-q and -v contradict each other; give one of them.")
    out = Output(Console(stderr=as_json), quiet, verbose, debug, exits=True)
    # Libraries print too.
    with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
        yield out


def print_json(document: Any) -> None:
    """The one document of ``--json``; in ASCII where the output is not in UTF-8, so that it is JSON everywhere."""
    plain = not is_unicode(getattr(sys.stdout, "encoding", None))
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=plain, allow_nan=False) + "\n")


def print_lines(lines: Iterable[str]) -> None:
    """Sentences as they are: paths and commands in them are for copying and must not be broken."""
    for line in lines:
        print(printable(line), flush=True)


def note(sentence: str) -> None:
    """Something to know beside what was asked for."""
    print(printable(sentence), file=sys.stderr, flush=True)


def print_table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = (), row_per_line: bool = False
) -> None:
    """A table that fits 80 columns: long cells are folded.

    Args:
        right: Headers of columns that hold numbers.
        row_per_line: In a pipe or a file fold nothing, so that ``grep`` finds whole rows.
    """
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    from tune_dml.reporting.on_terminal import table_box

    console: Console = Console()
    cells = [[Text(shown(printable(cell), console.encoding)) for cell in row] for row in rows]
    table = Table(box=table_box(console), pad_edge=False, padding=(0, 1))
    for number, header in enumerate(headers):
        widest = max((len(row[number]) for row in cells), default=0)
        # What one would type stays whole where that leaves room for the rest.
        whole = header in right or (number == 0 and widest <= _WHOLE)
        table.add_column(
            header, justify="right" if header in right else "left", no_wrap=whole, overflow="fold", min_width=_LEAST
        )
    for row in cells:
        table.add_row(*row)
    if row_per_line and not console.is_terminal:
        unlimited = console.options.update(max_width=10_000)
        console.width = max(console.width, Measurement.get(console, unlimited, table).maximum)
    console.print(table)


def finish(finished: Finished, as_json: bool) -> int:
    """Prints what a search gave.

    Returns:
        The exit code. Where it was interrupted, the process ends, with 130.
    """
    from rich.console import Console

    from tune_dml.execution import exit_at_once
    from tune_dml.reporting import print_leaderboard, to_json

    if as_json:
        print_json(to_json(finished.report))
    else:
        print_leaderboard(finished.report, Console())
    if finished.interrupted:
        # All is saved; taking down the libraries would take seconds more, and Ray's may hang where Ray is gone.
        exit_at_once()
    return 0


def number(value: float | None) -> str:
    """A score for a table; a dash where there is none."""
    return "–" if value is None or value != value else f"{value:.3f}"
