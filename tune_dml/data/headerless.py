"""Files without a header row: how they are recognised, and which of their columns is what."""

from __future__ import annotations

import re
from typing import Any

from tune_dml.data.tables import USUAL_NAMES, Table
from tune_dml.data.text_forms import ONE_TEXT, TextForm
from tune_dml.errors import DataError

_NUMBER = re.compile(r"\s*[-+]?\d+([.,]\d+)?\s*", re.ASCII)
#: A name is shorter than this, in characters and words.
_LONGEST_NAME, _MOST_WORDS, _MOST_WORDS_ALONE = 60, 5, 2
_LONGEST_LABEL, _LABEL_WORDS = 60, 6
#: Columns that are looked at.
_COLUMNS = 50
_WORDS = {1: "one", 2: "two"}


def looks_like_data(table: Table) -> bool:
    """Whether a table's names are more likely its first row: a number, a sentence, or what also stands below it."""
    words = _MOST_WORDS if len(table.names) > 1 else _MOST_WORDS_ALONE
    for name in table.names[:_COLUMNS]:
        if name and (_NUMBER.fullmatch(name) or len(name) > _LONGEST_NAME or len(name.split()) > words):
            return True
        if name and table.names.count(name) == 1 and name in map(str.strip, _cells(table, name)):
            return True
    return False


def guessed(table: Table, form: TextForm | None, labelled: bool = True) -> tuple[tuple[str, ...], str | None]:
    """The text columns (one where nobody says how many) and, where ``labelled``, the label column of a table without a
    header.

    The label is the column with the fewest distinct values, short and repeated ones; of equals the shortest, then the
    last. Where no column is like that it is the last one. The text is the column with the longest cells on average.

    Raises:
        DataError: the first row is a header, or there are fewer columns than texts.
    """
    columns = {name: _cells(table, name) for name in table.names}
    first = {cells[0].strip().casefold() for cells in columns.values() if cells}
    if first & USUAL_NAMES and (len(columns) == 1 or len(first & USUAL_NAMES) > 1):
        raise DataError(
            f"{table.where} has a header ({', '.join(cells[0] for cells in columns.values() if cells)}); leave out "
            "--no-header."
        )
    form = form or ONE_TEXT
    if len(columns) < form.count:
        raise DataError(f"{table.where} has one column; {form.called} need {_WORDS[form.count]}.")
    label = _label(columns) if labelled and len(columns) > form.count else None
    others = [name for name in columns if name != label]
    longest = sorted(others, key=lambda name: -sum(map(len, columns[name])))[: form.count]
    return tuple(name for name in others if name in longest), label


def _label(columns: dict[str, list[str]]) -> str:
    rows = [row for row in zip(*columns.values(), strict=True) if any(cell.strip() for cell in row)]
    best: tuple[tuple[float, ...], str] | None = None
    for place, name in enumerate(columns):
        cells = [row[place].strip() for row in rows]
        distinct = set(cells)
        short = all(0 < len(cell) <= _LONGEST_LABEL and len(cell.split()) <= _LABEL_WORDS for cell in distinct)
        if short and 2 <= len(distinct) <= max(2, len(cells) // 2):
            key = (len(distinct), sum(map(len, cells)) / len(cells), -place)
            best = min(best or (key, name), (key, name))
    return best[1] if best is not None else list(columns)[-1]


def _cells(table: Table, name: str) -> list[str]:
    cells: list[Any] = table.column(name)
    return [str(cell) for cell in cells]
