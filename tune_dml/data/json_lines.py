"""JSON Lines: an object a line. Numbers keep the digits that they are written with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tune_dml.data.decoding import decode, lines, without_controls
from tune_dml.data.signatures import check_signature
from tune_dml.data.tables import Reading, Table
from tune_dml.errors import DataError


class Digits(str):
    """A JSON number with a fraction or exponent, as written: as a text, 1.10 is not 1.1."""

    __slots__ = ()


def read_jsonl(path: Path, reading: Reading) -> Table:
    """Raises:
    DataError: a line is not a JSON object, or there are none.
    """
    raw = path.read_bytes()
    check_signature(path, raw)
    decoded = decode(raw, path.name, reading.encoding)
    rows = list(_objects(path, decoded.text))
    if not rows:
        raise DataError(f"{path} is empty.")
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    return Table(str(path), names, lambda name: [_mended(row.get(name)) for row in rows], decoded.notes)


def _mended(cell: Any) -> Any:
    # Escapes such as \u0092 pass the decoding of the file.
    return without_controls(cell)[0] if type(cell) is str else cell


def _objects(path: Path, text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines(text), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_float=Digits)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}, line {number} is not JSON ({error}); each line must be one object.") from None
        if not isinstance(row, dict):
            raise DataError(f'{path}, line {number} is not an object such as {{"text": "...", "label": "..."}}.')
        yield row


def json_text(value: Any) -> str:
    """A value of a row as JSON, its numbers as they were written; what JSON lacks as a string."""
    if isinstance(value, Digits):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json_text(str(name))}: {json_text(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(json_text, value)) + "]"
    if isinstance(value, float) and value != value:
        return "null"
    if not (value is None or isinstance(value, str | bool | int | float)):
        value = str(value)
    return json.dumps(value, ensure_ascii=False)
