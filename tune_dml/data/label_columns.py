"""Several columns of yes and no, one for each label, as a column of lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tune_dml.config import TaskSettings
from tune_dml.data.columns import matching
from tune_dml.data.folding import trimmed
from tune_dml.data.json_lines import json_text
from tune_dml.data.labels import same
from tune_dml.data.tables import Table
from tune_dml.data.task_source import Source
from tune_dml.errors import DataError

_YES, _NO = ("1", "1.0", "true", "yes", "y", "x"), ("0", "0.0", "false", "no", "n", "")
_NOT_SAID = ("-1", "-1.0")


def joined_columns(source: Source, settings: TaskSettings) -> Source:
    """``source`` with the columns that ``a,b,c`` names as one of that name, whose cells are the names of those that say
    yes, as JSON. A split that lacks one of them is left as it is.

    Raises:
        DataError: a cell of such a column says neither yes nor no.
    """
    given, names = settings.label_column, _several(settings)
    if given is None or not names:
        return source
    return replace(source, tables={split: _joined(table, given, names) for split, table in source.tables.items()})


def never_said(settings: TaskSettings, names: Sequence[str]) -> list[str]:
    """A sentence on those columns that say yes of no training text: there is nothing to learn of them.

    Args:
        names: The labels that training texts have.
    """
    found, columns = {same(name).casefold() for name in names}, _several(settings)
    absent = [column for column in columns if same(column).casefold() not in found]
    if not absent or len(absent) == len(columns):
        return []
    shown = ", ".join(f"'{column}'" for column in absent[:10])
    return [f"No training text has {shown}: there is nothing to be learnt of it, and it is left out."]


def _several(settings: TaskSettings) -> list[str]:
    """The columns that ``a,b,c`` names; none where it names one."""
    names = [name for part in (settings.label_column or "").split(",") if (name := trimmed(part))]
    return names if len(names) > 1 else []


def _joined(table: Table, given: str, names: Sequence[str]) -> Table:
    if matching(table, given) is not None:
        return table
    found = [name for part in names if (name := matching(table, part)) is not None]
    if len(found) < len(names):
        return table

    def column(name: str) -> list[Any]:
        if name != given:
            return table.column(name)
        rows = zip(*(table.column(each) for each in found), strict=True)
        return [_named(row, table, found) for row in rows]

    return replace(table, names=(*table.names, given), column=column)


def _named(cells: Sequence[Any], table: Table, columns: Sequence[str]) -> str | None:
    """``None`` for a text that nobody has labelled: -1 in every column."""
    if all(_text(cell) in _NOT_SAID for cell in cells):
        return None
    return json_text([name for cell, name in zip(cells, columns, strict=True) if _says(cell, table, name)])


def _text(cell: Any) -> str:
    return "" if cell is None or cell != cell else trimmed(str(cell)).lower()


def _says(cell: Any, table: Table, column: str) -> bool:
    text = _text(cell)
    if text in _YES or text in _NO:
        return text in _YES
    raise DataError(
        f"{table.where}: the column '{column}' holds {str(cell)[:40]!r}. Where labels have a column each, a cell is 1 "
        "or 0."
    )
