"""Texts without labels, to be classified: a row for each row of the file, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tune_dml.config import TaskSettings, absolute_path
from tune_dml.data.cleaning import counted
from tune_dml.data.columns import Wanted, read_texts_only
from tune_dml.data.decoding import decode, lines
from tune_dml.data.folding import stripped
from tune_dml.data.json_lines import json_text
from tune_dml.data.reading import check_file, read_table
from tune_dml.data.signatures import check_signature
from tune_dml.data.tables import AS_FOUND, Reading
from tune_dml.data.text_forms import TextForm
from tune_dml.errors import DataError


@dataclass(frozen=True)
class Texts:
    """What is to be classified.

    Attributes:
        rows: Texts, or pairs of texts; ``""`` where one is missing.
        kept: Cells of the columns that were asked for, by name, as they are in the file.
        notes: Plain sentences about how the file was read.
    """

    rows: list[str] | list[tuple[str, str]]
    kept: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_texts(
    path: Path,
    text_columns: tuple[str, ...],
    form: TextForm,
    keep: tuple[str, ...] = (),
    reading: Reading = AS_FOUND,
    own: tuple[str, ...] = (),
) -> Texts:
    """The texts of a CSV, TSV, JSONL, Parquet or ``.txt`` file (a text a line); each of them such as ``form`` says.

    Args:
        keep: Columns whose cells are wanted too; ``all``: every one but the texts.
        own: The columns that the model was trained on; they are taken where they are there.

    Raises:
        DataError: the file is missing or unreadable, or lacks a column.
    """
    file = absolute_path(path)
    if file.suffix.lower() == ".txt":
        return _read_lines(file, text_columns, form, keep, reading)
    table = read_table(file, reading)
    settings = TaskSettings("this model", text_columns=text_columns)
    columns, kept = read_texts_only(table, settings, form, keep, Wanted((own,) if own else ()))
    found: list[str] | list[tuple[str, str]] = (
        columns[0] if len(columns) == 1 else list(zip(columns[0], columns[1], strict=True))
    )
    return Texts(found, kept, (*table.notes, *empty_notes(found)))


def decode_lines(raw: bytes, where: str, encoding: str | None) -> Texts:
    """A text a line; an empty line is an empty text.

    Raises:
        DataError: this is no text, or not in that encoding.
    """
    decoded = decode(raw, where, encoding)
    rows = [stripped(line) for line in lines(decoded.text)]
    return Texts(rows, {}, (*decoded.notes, *empty_notes(rows)))


def empty_notes(rows: Sequence[str] | Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """A sentence where texts are missing."""
    empty = sum(not (row if isinstance(row, str) else all(row)) for row in rows)
    if not empty:
        return ()
    verb = "is" if empty == 1 else "are"
    return (
        f"{empty:,} of {counted(len(rows), 'text')} {verb} missing or blank and {verb} classified as an empty text.",
    )


def cell_text(cell: Any) -> str:
    """A kept cell as CSV has it: strings and numbers as they are, nothing for a missing one, lists and such as JSON."""
    if cell is None or (isinstance(cell, float) and cell != cell):
        return ""
    if isinstance(cell, bool | list | tuple | dict):
        return json_text(cell)
    return str(cell)


def _read_lines(
    file: Path, text_columns: tuple[str, ...], form: TextForm, keep: tuple[str, ...], reading: Reading
) -> Texts:
    if form.reads:
        raise DataError(f"{file} holds a text a line, and {form.reads}.")
    if text_columns or keep or not reading.header:
        option = "--text-column" if text_columns else "--keep" if keep else "--no-header"
        raise DataError(f"{file} holds a text a line: it has no columns, so leave out {option}.")
    check_file(file)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror or error}.") from None
    check_signature(file, raw)
    return decode_lines(raw, file.name, reading.encoding)
