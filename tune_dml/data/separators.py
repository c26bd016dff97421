"""What separates the fields of a file: found from its header, checked on its rows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from tune_dml.data.decoding import lines
from tune_dml.data.tables import USUAL_NAMES

NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
USUAL = {".csv": ",", ".tsv": "\t"}
#: Rows that are looked at, and characters of them.
_ROWS, _CHARACTERS = 200, 262_144
_KNOWN_NAMES = USUAL_NAMES | {"id"}
_DECLARED = re.compile(r'"?sep=([^\w\s"]|\t)"?[ \t]*(?:\r\n|\r|\n|$)', re.IGNORECASE)


def declared(text: str) -> tuple[str | None, str]:
    """The separator that a first line ``sep=;`` (Excel's) names, and the text after that line."""
    match = _DECLARED.match(text)
    return (match[1], text[match.end() :]) if match else (None, text)


def separator(text: str, usual: str) -> str:
    """The separator of a text whose suffix would have ``usual``.

    It is in the first row, and most rows have as many fields as that one. The usual one is taken where nothing speaks
    for another: a file of one column stays one.
    """
    sample = text[:_CHARACTERS]
    if len(sample) < len(text):
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1]
    candidates = (usual, *(other for other in NAMES if other != usual))
    # Of equals the first is taken.
    scores = {candidate: _agreement(_rows(sample, candidate)) for candidate in candidates}
    # Files with tabs are often not quoted, and then a quote in a text is a character like another.
    scores["\t"] = max(scores["\t"], _agreement([line.split("\t") for line in lines(sample)[:_ROWS] if line.strip()]))
    found = max(candidates, key=scores.__getitem__)
    return found if scores[found][0] else usual


def _agreement(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    """The share of rows with as many fields as the first, and how many usual names that has; 0 where few rows agree."""
    if not rows or len(rows[0]) < 2:
        return 0.0, 0
    width = filled(rows[0])
    usual_names = sum(name.strip().casefold() in _KNOWN_NAMES for name in rows[0])
    others = [filled(row) == width or len(row) >= width > filled(row) for row in rows[1:]]
    share = sum(others) / len(others) if others else 1.0
    return (share, usual_names) if share >= 0.5 else (0.0, 0)


def filled(row: Sequence[str]) -> int:
    """Fields of a row up to the last that is not blank."""
    return max((place for place, cell in enumerate(row, start=1) if cell.strip()), default=0)


def _rows(sample: str, separator: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=separator):
            if any(cell.strip() for cell in row):
                rows.append(row)
            if len(rows) > _ROWS:
                break
    except csv.Error:
        # A field beyond all bounds, or a quote that is never closed: what was read until then is told from.
        pass
    return rows
