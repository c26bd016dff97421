"""Which columns hold texts, labels and groups, and what their cells mean."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tune_dml.config import TaskSettings
from tune_dml.data.tables import Table
from tune_dml.errors import DataError, nearest

_SINGLE = (("text",), ("sentence",))
_PAIR = (("text_a", "text_b"), ("sentence1", "sentence2"))
#: Whitespace that ``str.strip`` leaves: zero-width space, byte-order mark.
_INVISIBLE = "\u200b\ufeff"


@dataclass(frozen=True)
class Wanted:
    """Columns to look for, after what the user named and before the usual names."""

    texts: tuple[tuple[str, ...], ...] = ()
    label: str | None = None


@dataclass(frozen=True)
class RawRows:
    """One split as read: texts stripped, labels as written (``None`` where there is none), nothing dropped."""

    where: str
    texts: list[str]
    texts_b: list[str] | None
    labels: list[str | None]
    groups: list[str] | None

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Sequence[int]) -> RawRows:
        return RawRows(
            self.where,
            [self.texts[i] for i in rows],
            None if self.texts_b is None else [self.texts_b[i] for i in rows],
            [self.labels[i] for i in rows],
            None if self.groups is None else [self.groups[i] for i in rows],
        )


def read_rows(table: Table, settings: TaskSettings, wanted: Wanted, kind: str | None, need_groups: bool) -> RawRows:
    """One split out of its table.

    Args:
        kind: ``"single"`` or ``"pair"`` where the task says so; ``None`` lets the columns decide.
        need_groups: Whether a missing group column is an error (in a test split it is not needed).

    Raises:
        DataError: a column is missing, used twice, or holds something that is not text, number or boolean.
    """
    names = _text_columns(table, settings, wanted, kind)
    label = _label_column(table, settings, wanted)
    if label in names:
        raise DataError(f"The column '{label}' cannot be both text and label; {_has(table)}")
    texts = [[_text(cell, table, name) for cell in table.column(name)] for name in names]
    groups = None
    if settings.group_column is not None and (need_groups or settings.group_column in table.names):
        cells = table.column(_present(table, settings.group_column, "group"))
        # A row without a group is a group of its own; the prefix keeps the two kinds of name apart.
        found = [_label(cell, table, settings.group_column) for cell in cells]
        groups = [f"row {i}" if group is None else f"group {group}" for i, group in enumerate(found)]
    labels = [_label(cell, table, label) for cell in table.column(label)]
    return RawRows(table.where, texts[0], texts[1] if len(texts) == 2 else None, labels, groups)


def read_texts_only(
    table: Table, settings: TaskSettings, wanted: Wanted, kind: str
) -> tuple[list[str], list[str] | None]:
    """The text column, or both of pairs; other columns are not looked at."""
    columns = [
        [_text(cell, table, name) for cell in table.column(name)]
        for name in _text_columns(table, settings, wanted, kind)
    ]
    return columns[0], columns[1] if len(columns) == 2 else None


def _text_columns(table: Table, settings: TaskSettings, wanted: Wanted, kind: str | None) -> tuple[str, ...]:
    given = settings.text_columns
    if given:
        if len(given) > 2 or len(set(given)) < len(given):
            raise DataError("--text-column takes one column, or two different ones for pairs of texts.")
        if kind is not None and len(given) != (2 if kind == "pair" else 1):
            count = "two text columns, for its pairs" if kind == "pair" else "one text column"
            raise DataError(f"{settings.task} takes {count}; --text-column was given {len(given)} time(s).")
        return tuple(_present(table, name, "text") for name in given)
    usual = {"single": _SINGLE, "pair": _PAIR, None: _SINGLE + _PAIR}[kind]
    for candidate in (*wanted.texts, *usual):
        found = [_matching(table, name) for name in candidate]
        if all(found):
            return tuple(name for name in found if name is not None)
    rule = "text_a and text_b" if kind == "pair" else "text"
    raise DataError(
        f"{table.where} has no column '{rule}'; {_has(table)} Rename it or name it with --text-column"
        f"{_hint('text', table) if kind != 'pair' else '.'}"
    )


def _label_column(table: Table, settings: TaskSettings, wanted: Wanted) -> str:
    if settings.label_column is not None:
        return _present(table, settings.label_column, "label")
    for candidate in (wanted.label, "label"):
        found = _matching(table, candidate) if candidate else None
        if found is not None:
            return found
    raise DataError(
        f"{table.where} has no column 'label'; {_has(table)} Rename it or name it with --label-column"
        f"{_hint('label', table)}"
    )


def _present(table: Table, name: str, role: str) -> str:
    if name not in table.names:
        raise DataError(f"{table.where} has no {role} column '{name}'; {_has(table)} {_nearest(name, table)}".strip())
    return name


def _matching(table: Table, name: str) -> str | None:
    if name in table.names:
        return name
    alike = [column for column in table.names if column.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else None


def _has(table: Table) -> str:
    return f"its columns are {', '.join(table.names)}."


def _nearest(name: str, table: Table) -> str:
    hint = nearest(name, table.names)
    return hint[0].upper() + hint[1:] if hint.startswith("did you mean") else ""


def _hint(name: str, table: Table) -> str:
    # Stricter than for a name that was typed: 'intent' is not a misspelt 'text'.
    close = difflib.get_close_matches(name, table.names, n=1, cutoff=0.7)
    return f"; did you mean '{close[0]}'?" if close else "."


def _plain(cell: Any, table: Table, column: str) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, str):
        # A lone surrogate can be neither tokenised nor written.
        return cell.encode("utf-8", "replace").decode("utf-8")
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    raise DataError(
        f"{table.where}: the column '{column}' holds {type(cell).__name__} values; "
        "it must hold plain text, numbers or true/false."
    )


def _missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _text(cell: Any, table: Table, column: str) -> str:
    if _missing(cell):
        return ""
    text = _plain(cell, table, column)
    return "" if not text.strip().strip(_INVISIBLE).strip() else text.strip()


def _label(cell: Any, table: Table, column: str) -> str | None:
    return None if _missing(cell) else _plain(cell, table, column).strip() or None
