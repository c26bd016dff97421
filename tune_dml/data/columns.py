"""Which columns hold texts, labels and groups, and what their cells mean."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tune_dml.config import TaskSettings
from tune_dml.data.class_names import names_in
from tune_dml.data.folding import folded, stripped, trimmed, visible
from tune_dml.data.headerless import guessed, looks_like_data
from tune_dml.data.raw_rows import RawRows
from tune_dml.data.tables import Table
from tune_dml.data.text_forms import TEXT_FORMS, TextForm
from tune_dml.errors import DataError, nearest

#: What stands for every column that is to be kept.
ALL = "all"
#: Names that are compared to guess what was meant.
_COMPARED = 1_000


@dataclass(frozen=True)
class Wanted:
    """Columns to look for, after what the user named and before the usual names."""

    texts: tuple[tuple[str, ...], ...] = ()
    label: str | None = None


_NOTHING = Wanted()


def read_rows(
    table: Table,
    settings: TaskSettings,
    wanted: Wanted,
    form: TextForm | None,
    need_groups: bool,
    written: Callable[[Any], Any] = lambda cell: cell,
) -> RawRows:
    """One split out of its table.

    Args:
        form: How many texts there are, where the task says so; ``None`` lets the columns decide.
        written: What stands for a label in a cell, as text, number or boolean.
        need_groups: Whether a missing group column is an error (in a test split it is not needed).

    Raises:
        DataError: a column is missing, used twice, or holds something that is not text, number or boolean.
    """
    names = _text_columns(table, settings, wanted, form)
    label = label_column(table, settings, wanted)
    if label is None and settings.label_column is not None:
        label = _present(table, settings.label_column, "label")
    elif label is None:
        raise _no_column(table, "label")
    if label in names:
        raise DataError(f"The column '{label}' cannot be both text and label; {_has(table)}")
    texts = [[_text(cell, table, name) for cell in table.column(name)] for name in names]
    groups = None
    if settings.group_column is not None and (need_groups or settings.group_column in table.names):
        cells = table.column(_present(table, settings.group_column, "group"))
        # A row without a group is a group of its own; the prefix keeps the two kinds of name apart.
        found = [_label(cell, table, settings.group_column) for cell in cells]
        groups = [f"row {i}" if group is None else f"group {group}" for i, group in enumerate(found)]
    labels = [_label(written(cell), table, label) for cell in _by_name(table, label)]
    second = texts[1] if len(texts) == 2 else None
    return RawRows(table.where, texts[0], second, labels, groups, _names(table, label, labels))


def _by_name(table: Table, label: str) -> list[Any]:
    """The cells of the labels, numbers in lists by the names that the file itself gives to them."""
    declared = dict(enumerate(table.class_names.get(label, ())))
    cells = table.column(label)
    if not declared:
        return cells
    return [[declared.get(each, each) for each in cell] if isinstance(cell, list) else cell for cell in cells]


def _names(table: Table, label: str, labels: list[str | None]) -> list[str | None] | None:
    if label in table.class_names:
        declared = dict(enumerate(table.class_names[label]))
        return [declared.get(int(each)) if each is not None and each.isdecimal() else None for each in labels]
    beside = names_in(table, label)
    return None if beside is None else [_label(cell, table, beside) for cell in table.column(beside)]


def read_texts_only(
    table: Table, settings: TaskSettings, form: TextForm, keep: Sequence[str] = (), wanted: Wanted = _NOTHING
) -> tuple[list[list[str]], dict[str, list[Any]]]:
    """The text column, or both of pairs, and the cells of the columns to ``keep``, as they are.

    Args:
        keep: Names; ``all`` is every column but the texts.
        wanted: Text columns to look for before the usual ones.

    Raises:
        DataError: a column is missing, is there twice, or holds something that is not text, number or boolean.
    """
    names = _text_columns(table, settings, wanted, form)
    texts = [[_text(cell, table, name) for cell in table.column(name)] for name in names]
    if ALL in keep:
        kept = [name for name in table.names if name not in names]
    else:
        kept = [_present(table, name, "") for name in keep]
    return texts, {_once(table, name): table.column(name) for name in kept}


def _text_columns(table: Table, settings: TaskSettings, wanted: Wanted, form: TextForm | None) -> tuple[str, ...]:
    given = settings.text_columns
    if not given and table.header is False:
        given = guessed(table, form, labelled=False)[0]
    if given:
        if len(given) > 2 or len(set(given)) < len(given):
            raise DataError("--text-column takes one column, or two different ones for pairs of texts.")
        if form is not None and len(given) != form.count:
            raise DataError(f"{settings.task} takes {form.columns}; --text-column was given {len(given)} time(s).")
        return tuple(_present(table, name, "text") for name in given)
    usual = [names for one in (TEXT_FORMS if form is None else [form]) for names in one.names]
    for candidate in (*wanted.texts, *usual):
        found = [matching(table, name) for name in candidate]
        if all(found):
            return tuple(name for name in found if name is not None)
    raise _no_column(table, " and ".join((form or TEXT_FORMS[0]).keys))


def label_column(table: Table, settings: TaskSettings, wanted: Wanted) -> str | None:
    """The column of the labels; ``None`` if there is none of the usual names, or of the one that the user gave.

    Raises:
        DataError: there are two of that name.
    """
    candidates = (settings.label_column,) if settings.label_column is not None else (wanted.label, "label")
    found = (matching(table, candidate) for candidate in candidates if candidate)
    return next((name for name in found if name is not None), None)


def hides_labels(table: Table, settings: TaskSettings, wanted: Wanted, train: Table) -> bool:
    """Whether a test split comes without labels: it has no column for them, nor one whose name is misspelt."""
    if table.header is False and len(table.names) != len(train.names):
        return True
    name = settings.label_column or "label"
    return label_column(table, settings, wanted) is None and not _close(name, table)


def _no_column(table: Table, rule: str) -> DataError:
    option = "label" if rule == "label" else "text"
    if table.header and looks_like_data(table):
        row = ", ".join(f"'{name[:40]}'" for name in table.names[:5])
        return DataError(
            f"{table.where} has no column '{rule}'; its first row ({row}) looks like data. If it has no header, give "
            f"--no-header; else name the column with --{option}-column."
        )
    if table.header and len(table.names) == 1:
        return DataError(
            f"{table.where} has no column '{rule}'; its only one is '{table.names[0]}'. Name it with "
            f"--{option}-column, or give --no-header if that is data."
        )
    hint = "." if " and " in rule else _hint(rule, table)
    return DataError(
        f"{table.where} has no column '{rule}'; {_has(table)} Rename it or name it with --{option}-column{hint}"
    )


def _present(table: Table, name: str, role: str) -> str:
    found = matching(table, name)
    if found is None:
        kind = f"{role} column" if role else "column"
        if role == "label" and all(matching(table, part.strip()) for part in name.split(",")):
            raise DataError(f"Labels in several columns ({name}) are those of --kind multilabel.")
        raise DataError(f"{table.where} has no {kind} '{name}'; {_has(table)} {_nearest(name, table)}".strip())
    return found


def matching(table: Table, name: str) -> str | None:
    """The column of that name; else the only one whose name looks the same, or differs in case too."""
    if name in table.names:
        return _once(table, name)
    for form in (visible, folded):
        alike = [column for column in table.names if form(column) == form(name)]
        if len(alike) == 1:
            return alike[0]
    return None


def _once(table: Table, name: str) -> str:
    if table.names.count(name) > 1:
        raise DataError(f"{table.where} has the column '{name}' more than once; each column needs a name of its own.")
    return name


def _has(table: Table) -> str:
    return f"its columns are {', '.join(table.names)}."


def _nearest(name: str, table: Table) -> str:
    hint = nearest(name, table.names)
    return hint[0].upper() + hint[1:] if hint.startswith("did you mean") else ""


def _hint(name: str, table: Table) -> str:
    # Stricter than for a name that was typed: 'intent' is not a misspelt 'text'.
    close = _close(name, table)
    return f"; did you mean '{close[0]}'?" if close else "."


def _close(name: str, table: Table) -> list[str]:
    return difflib.get_close_matches(name, table.names[:_COMPARED], n=1, cutoff=0.7)


def _plain(cell: Any, table: Table, column: str, labels: bool = False) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, str):
        # A lone surrogate can be neither tokenised nor written.
        return cell.encode("utf-8", "replace").decode("utf-8")
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    several = " Several labels for a text need --kind multilabel." if labels and isinstance(cell, list | tuple) else ""
    raise DataError(
        f"{table.where}: the column '{column}' holds {type(cell).__name__} values; "
        f"it must hold plain text, numbers or true/false.{several}"
    )


def _missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _text(cell: Any, table: Table, column: str) -> str:
    return "" if _missing(cell) else stripped(_plain(cell, table, column))


def _label(cell: Any, table: Table, column: str) -> str | None:
    return None if _missing(cell) else trimmed(_plain(cell, table, column, labels=True)) or None
