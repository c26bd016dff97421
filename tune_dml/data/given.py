"""Texts as a caller hands them over in Python: a list, a Series, a frame, a dict of columns, rows as dicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tune_dml.config import TaskSettings
from tune_dml.data.columns import read_texts_only
from tune_dml.data.tables import Table
from tune_dml.data.text_forms import TextForm
from tune_dml.errors import ModelError


@dataclass(frozen=True)
class GivenTexts:
    """Texts in order, stripped as those of files are.

    Attributes:
        texts_b: The second texts of pairs, else ``None``.
        missing: How many rows lack a text (``None``, NaN); such a text is empty.
    """

    texts: list[str]
    texts_b: list[str] | None
    missing: int


def given_texts(values: Any, form: TextForm, own: tuple[str, ...] = ()) -> GivenTexts:
    """The texts in ``values``, for a model that reads such as ``form`` says.

    Args:
        values: A sequence of strings (of pairs of strings); anything with columns (a pandas or polars frame, a pyarrow
            table, a data set, a dict), read by its column ``text`` or ``sentence`` (``text_a`` and ``text_b``, or
            ``sentence1`` and ``sentence2``), whatever their case; or a sequence of dicts with such keys.
        own: The columns that the model was trained on; they are taken where they are there.

    Raises:
        ModelError: it is none of these, or the columns are not there.
    """
    if isinstance(values, str | bytes):
        raise ModelError("predict takes a list of texts, not a single one; did you mean [text]?")
    names = _names(values)
    if names is None:
        rows = _rows(values, form)
        if rows and all(isinstance(row, Mapping) for row in rows):
            chosen = _chosen([name for row in rows for name in row], form, own)
            columns = {name: [_cell(row, name) for row in rows] for name in chosen}
        else:
            columns = _by_position(rows, form)
    elif names == list(range(form.count)):
        # pandas numbers the columns of what came without names.
        columns = _by_position(list(zip(*(_cells(values[name]) for name in names), strict=True)), form)
    else:
        chosen = _chosen(names, form, own)
        if any(names.count(name) > 1 for name in chosen):
            raise ModelError(f"The input has the column '{chosen[0]}' more than once.")
        try:
            columns = {name: _cells(values[name]) for name in chosen}
        except KeyError:
            raise ModelError(f"The column '{chosen[0]}' cannot be read; is it hidden by a format?") from None
    columns = {name: [None if _missing(cell) else cell for cell in cells] for name, cells in columns.items()}
    if len({len(cells) for cells in columns.values()}) > 1:
        raise ModelError(f"The columns {' and '.join(columns)} have different lengths.")
    missing = sum(None in cells for cells in zip(*columns.values(), strict=True))
    table = Table("The input", tuple(columns), columns.__getitem__)
    settings = TaskSettings("this model", text_columns=tuple(columns))
    [texts, *second], _ = read_texts_only(table, settings, form)
    return GivenTexts(texts, second[0] if second else None, missing)


def _names(values: Any) -> list[Any] | None:
    """Of the columns; ``None`` where there are none."""
    if isinstance(values, Mapping):
        if any(not isinstance(part, Mapping) and _names(part) is not None for part in values.values()):
            raise ModelError(f"These are several data sets ({', '.join(map(str, values))}); give one of them.")
        return list(values)
    # pyarrow's "columns" are the columns themselves.
    for attribute in ("column_names", "columns"):
        names = getattr(values, attribute, None)
        if names is not None:
            return list(names)
    names = getattr(getattr(values, "dtype", None), "names", None)
    return None if names is None else list(names)


def _cells(column: Any) -> list[Any]:
    """As a list of Python's own values; of a single value, that alone."""
    if isinstance(column, Mapping):
        # pandas' own dicts have each cell by its row.
        return list(column.values())
    if isinstance(column, set | frozenset):
        raise ModelError("A set has no order; give the texts as a list.")
    for way in ("to_pylist", "to_list", "tolist"):
        if hasattr(column, way):
            cells = getattr(column, way)()
            break
    else:
        cells = list(column) if isinstance(column, Iterable) and not isinstance(column, str | bytes) else [column]
    return cells if isinstance(cells, list) else [cells]


def _rows(values: Any, form: TextForm) -> list[Any]:
    if isinstance(values, set | frozenset) or not isinstance(values, Iterable):
        raise ModelError(f"{form.rule} This is {_article(values)}.")
    rows = _cells(values)
    shape: Sequence[int] = getattr(values, "shape", ())
    # A column of a matrix is a matrix of one column.
    return [row[0] for row in rows] if form.count == 1 and len(shape) == 2 and shape[1] == 1 else rows


def _by_position(rows: Sequence[Any], form: TextForm) -> dict[str, list[Any]]:
    parts = [row if isinstance(row, tuple) or (form.count > 1 and isinstance(row, list)) else (row,) for row in rows]
    for place, part in enumerate(parts):
        if len(part) != form.count or any(not isinstance(text, str) and not _missing(text) for text in part):
            shown = part[0] if len(part) == 1 else rows[place]
            raise ModelError(f"{form.rule} Number {place + 1} is {_article(shown)}.")
    return {name: [part[i] for part in parts] for i, name in enumerate(form.keys)}


def _chosen(names: Sequence[Any], form: TextForm, own: tuple[str, ...]) -> tuple[str, ...]:
    for wanted in (*((own,) if own else ()), *form.names):
        found = [_alike(name, names) for name in wanted]
        if all(found):
            return tuple(name for name in found if name is not None)
    has = ", ".join(map(str, dict.fromkeys(names))) or "none"
    raise ModelError(f"{form.rule} The columns here are: {has}.")


def _alike(name: str, names: Sequence[Any]) -> str | None:
    if name in names:
        return name
    folded = name.casefold()
    alike = list(dict.fromkeys(column for column in names if isinstance(column, str) and column.casefold() == folded))
    return alike[0] if len(alike) == 1 else None


def _cell(row: Mapping[Any, Any], name: str) -> Any:
    """Of a row, whatever the case of its keys."""
    alike = _alike(name, list(row))
    return None if alike is None else row[alike]


def _missing(cell: Any) -> bool:
    # pandas has two of its own, which are equal to nothing.
    if isinstance(cell, float | np.floating):
        return bool(np.isnan(cell))
    return cell is None or type(cell).__name__ in ("NAType", "NaTType")


def _article(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
