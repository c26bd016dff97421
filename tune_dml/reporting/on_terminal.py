"""The leaderboard in a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tune_dml.config.characters import is_unicode, shown
from tune_dml.reporting.document import SearchReport
from tune_dml.reporting.leaderboard_tables import shortened, table_cells
from tune_dml.reporting.wording import next_commands, places, result_sentences, shots_sentence, title

if TYPE_CHECKING:
    from rich.box import Box
    from rich.console import Console

#: Trials listed; the rest are in leaderboard.csv.
LIMIT = 16


def print_leaderboard(report: SearchReport, console: Console, limit: int | None = LIMIT) -> None:
    """The table and all that belongs to it. Baselines are always listed; of the trials, the best ``limit``.

    Raises:
        ResultsError: the records lack the baselines.
    """
    from rich.table import Table
    from rich.text import Text

    def as_text(text: str, style: str = "") -> Text:
        return Text(shown(text, console.encoding), style=style)

    rows = report.rows()
    listed = shortened(rows, limit)
    headers, cells = table_cells(report, listed)
    table = Table(box=table_box(console), pad_edge=False, padding=(0, 1), collapse_padding=True, title_justify="left")
    for header in headers:
        left = header in ("name", "")
        table.add_column(header, justify="left" if left else "right", no_wrap=not left, overflow="fold")
    for row, line in zip(listed, cells, strict=True):
        style = "bold" if row.is_winner else "cyan" if row.kind == "baseline" else ""
        table.add_row(*(as_text(cell) for cell in line), style=style)

    def say(text: str, style: str = "") -> None:
        console.print(as_text(text, style), highlight=False)

    say(title(report), "bold")
    say(shots_sentence(report))
    say(report.protocol)
    for note in report.notes:
        say(note)
    console.print(table)
    if len(listed) < len(rows):
        say(f"{len(rows) - len(listed)} more trials are in leaderboard.csv.")
    for sentence in result_sentences(report, rows):
        say(sentence, "bold" if sentence.startswith("Winner") else "")
    # Paths and commands are for copying: never broken over lines.
    width = max((len(label) for label in places(report)), default=0)
    for label, path in places(report).items():
        console.print(as_text(f"{label:<{width}}  {path}"), highlight=False, soft_wrap=True)
    say("Next:")
    for command in next_commands(report):
        console.print(as_text(f"  {command}"), highlight=False, soft_wrap=True)


def table_box(console: Console) -> Box:
    """A rule below the headers, of characters that the console's encoding has."""
    from rich import box

    blank = " " * 4
    lines = [blank, blank, " -- ", *[blank] * 5]
    return box.SIMPLE_HEAD if is_unicode(console.encoding) else box.Box("\n".join(lines) + "\n", ascii=True)
