"""Reads one file into columns, without guessing types: what stands in the file is what is read."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_dml.errors import DataError

#: A text may be a whole document; an unclosed quote still ends in an error before the memory does.
_LONGEST_FIELD = 16 * 1024 * 1024
_RUNS_CODE = frozenset({".pkl", ".pickle", ".pt", ".pth", ".bin", ".npy", ".npz", ".joblib", ".dill", ".ckpt"})


@dataclass(frozen=True)
class Table:
    """Columns by name. A cell is a string, a number, a boolean or ``None``; anything else is refused where it is used.

    Attributes:
        where: What messages call it: the file's path, or the split of a data set.
        column: Gives a column's cells, in order.
        notes: Plain sentences about how it was read.
    """

    where: str
    names: tuple[str, ...]
    column: Callable[[str], list[Any]]
    notes: tuple[str, ...] = ()


def read_table(path: Path) -> Table:
    """Reads CSV, TSV, JSONL or Parquet, told apart by the suffix.

    Raises:
        DataError: the file is missing, empty, broken, or of another format.
    """
    suffix = path.suffix.lower()
    if suffix in _RUNS_CODE:
        raise DataError(
            f"{path} is not read: a {suffix} file can run code when it is opened. "
            "Save the data as CSV, TSV, JSONL or Parquet."
        )
    if suffix not in READERS:
        raise DataError(f"{path}: '{suffix}' is not a format that is read here; it must be {', '.join(READERS)}.")
    try:
        if path.stat().st_size == 0:
            raise DataError(f"{path} is empty.")
        table = READERS[suffix](path)
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None
    doubled = sorted(name for name, count in Counter(table.names).items() if count > 1)
    if doubled:
        raise DataError(f"{path} has the column '{doubled[0]}' more than once; each column needs a name of its own.")
    return table


def _decode(path: Path) -> tuple[str, tuple[str, ...]]:
    raw = path.read_bytes()
    try:
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return raw.decode("utf-16"), (f"{path.name} was read as UTF-16.",)
        text = raw.decode("utf-8-sig")
        notes: tuple[str, ...] = ()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
        notes = (f"{path.name} is not UTF-8 and was read as Latin-1; check its accented letters.",)
    if "\0" in text:
        raise DataError(f"{path} is not a text file that can be decoded; save it as UTF-8.")
    return text, notes


def _table(path: Path, header: Sequence[str], rows: list[list[str]], notes: tuple[str, ...]) -> Table:
    names = tuple(name.strip() for name in header)

    def column(name: str) -> list[str]:
        place = names.index(name)
        return [row[place] for row in rows]

    return Table(str(path), names, column, notes)


def _csv_rows(path: Path, text: str, delimiter: str) -> list[list[str]]:
    limit = csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if not row:
                continue
            if rows and len(row) != len(rows[0]):
                raise DataError(
                    f"{path}, line {reader.line_num}: {len(row)} fields where the header has {len(rows[0])}. "
                    "Every row needs the same number; put texts with separators or line breaks into double quotes."
                )
            rows.append(row)
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}. Is a double quote missing or not doubled?") from None
    finally:
        csv.field_size_limit(limit)
    if not rows:
        raise DataError(f"{path} is empty.")
    return rows


def _read_csv(path: Path) -> Table:
    text, notes = _decode(path)
    header, *rows = _csv_rows(path, text, ",")
    return _table(path, header, rows, notes)


def _read_tsv(path: Path) -> Table:
    text, notes = _decode(path)
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
    # Many TSV files (GLUE's) do not quote at all, and a stray quote would swallow the lines up to the next one.
    # Where every line has the header's number of tabs, no field spans lines and each can be read by itself.
    if lines and len({line.count("\t") for line in lines}) == 1:
        header, *rows = [_tsv_line(line) for line in lines]
    else:
        header, *rows = _csv_rows(path, text, "\t")
    return _table(path, header, rows, notes)


def _tsv_line(line: str) -> list[str]:
    plain = line.split("\t")
    try:
        quoted = next(csv.reader([line], delimiter="\t", strict=True))
    except csv.Error:
        return plain
    return quoted if len(quoted) == len(plain) else plain


def _json_lines(path: Path, text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            # A number with a fraction keeps its digits: as a text, 1.10 is not 1.1.
            row = json.loads(line, parse_float=str)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}, line {number} is not JSON ({error}); each line must be one object.") from None
        if not isinstance(row, dict):
            raise DataError(f'{path}, line {number} is not an object such as {{"text": "...", "label": "..."}}.')
        yield row


def _read_jsonl(path: Path) -> Table:
    text, notes = _decode(path)
    rows = list(_json_lines(path, text))
    if not rows:
        raise DataError(f"{path} is empty.")
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    return Table(str(path), names, lambda name: [row.get(name) for row in rows], notes)


def _read_parquet(path: Path) -> Table:
    import pyarrow
    import pyarrow.parquet

    # Damage shows in the metadata, in the pages or in the values, and raises whatever its reader meets first.
    damage = (pyarrow.ArrowException, ValueError, OverflowError, RuntimeError)
    try:
        table = pyarrow.parquet.read_table(path)
        names = tuple(table.column_names)
    except damage as error:
        raise DataError(f"{path} is not a Parquet file that can be read ({_first_line(error)}).") from None

    def column(name: str) -> list[Any]:
        try:
            return list(table.column(name).to_pylist())
        except damage as error:
            raise DataError(f"{path}: the column '{name}' cannot be read ({_first_line(error)}).") from None

    return Table(str(path), names, column)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


READERS: dict[str, Callable[[Path], Table]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".jsonl": _read_jsonl,
    ".parquet": _read_parquet,
}
