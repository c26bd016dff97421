"""Rows of cells out of text with separators, whoever wrote it: a row for every record, blank ones too."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from tune_dml.data.decoding import lines
from tune_dml.data.separators import NAMES, USUAL, declared, filled, separator
from tune_dml.errors import DataError

#: A text may be a whole document; an unclosed quote still ends in an error before the memory does.
_LONGEST_FIELD = 16 * 1024 * 1024


@dataclass(frozen=True)
class Grid:
    """Records of equally many cells.

    Attributes:
        header: Names as written; of a file without a header ``1``, ``2``, ...
        rows: As many cells as ``header`` has; a blank record is a row of empty cells.
        notes: Plain sentences about how it was read.
    """

    header: tuple[str, ...]
    rows: list[list[str]]
    notes: tuple[str, ...]


def read_grid(path: Path, text: str, header: bool) -> Grid:
    """The records of ``text``, which stands in ``path``.

    Nameless columns without content, which spreadsheets leave behind, are not part of it.

    Raises:
        DataError: there are none, a quote is never closed, or a record has more or fewer fields than the header.
    """
    usual = USUAL[path.suffix.lower()]
    named, text_after = declared(text)
    found = named or separator(text_after, usual)
    notes = () if found == usual else (f"{path.name} was read as separated by {NAMES.get(found, repr(found))}.",)
    skipped = 0 if named is None else 1
    records = _records(path, text_after, found, skipped)
    first = next((place for place, (_, row) in enumerate(records) if any(cell.strip() for cell in row)), None)
    if first is None:
        raise DataError(f"{path} is empty.")
    if header:
        names, body = records[first][1], records[first + 1 :]
    else:
        names, body = [], records
    width = filled(names) if header else max(filled(row) for _, row in body)
    rows = [_fitted(path, line, row, width, len(names), header) for line, row in body]
    full = max([len(names), *map(len, rows)])
    padded = [row + [""] * (full - len(row)) for row in rows]
    if not header:
        return Grid(tuple(str(place + 1) for place in range(full)), padded, notes)
    names = names + [""] * (full - len(names))
    kept = [i for i, name in enumerate(names) if name.strip() or any(row[i].strip() for row in padded)]
    if len(kept) < full:
        names, padded = [names[i] for i in kept], [[row[i] for i in kept] for row in padded]
    return Grid(tuple(names), padded, notes)


def _fitted(path: Path, line: int, row: list[str], width: int, full: int, header: bool) -> list[str]:
    """A record of at least ``width`` cells: what goes beyond the header's ``full`` may only be blank."""
    if not any(cell.strip() for cell in row):
        return [""] * max(width, full)
    if len(row) < width or filled(row) > max(full, width):
        other = f"the header has {full}" if header else f"others have {width}"
        raise DataError(
            f"{path}, line {line}: {len(row)} fields where {other}. "
            "Every row needs the same number; put texts with separators or line breaks into double quotes."
        )
    return row[: max(full, width)]


def _records(path: Path, text: str, separator: str, skipped: int) -> list[tuple[int, list[str]]]:
    """Each record with the line that it ends in."""
    if separator == "\t" and (plain := _unquoted(text, skipped)) is not None:
        return plain
    limit = csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return [(reader.line_num + skipped, row) for row in reader]
    except csv.Error as error:
        line = reader.line_num + skipped
        escaped = " Quotes that a backslash stands before are not CSV's: double them." if '\\"' in text else ""
        raise DataError(f"{path}, line {line}: {error}. Is a double quote missing or not doubled?{escaped}") from None
    finally:
        csv.field_size_limit(limit)


def _unquoted(text: str, skipped: int) -> list[tuple[int, list[str]]] | None:
    """Records of one line each, or ``None`` where fields span lines.

    Many TSV files (GLUE's) do not quote at all, and a stray quote would swallow the lines up to the next one. Where
    every line has the header's number of tabs, no field spans lines and each can be read by itself.
    """
    numbered = [(number + skipped, line) for number, line in enumerate(lines(text), start=1)]
    written = [line for _, line in numbered if line.strip()]
    if not written:
        return None
    widths = {filled(line.split("\t")) if line.endswith("\t") else line.count("\t") + 1 for line in written}
    header = written[0].split("\t")
    if not all(filled(header) <= line.count("\t") + 1 for line in written) or max(widths) > len(header):
        return None
    return [(number, _cells(line) if line.strip() else []) for number, line in numbered]


def _cells(line: str) -> list[str]:
    plain = line.split("\t")
    try:
        quoted = next(csv.reader([line], delimiter="\t", strict=True))
    except csv.Error:
        return plain
    return quoted if len(quoted) == len(plain) else plain
