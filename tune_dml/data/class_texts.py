"""What ``--label-texts`` gives: texts that describe the classes, out of a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tune_dml.config import TaskSettings
from tune_dml.data.columns import Wanted, matching, read_rows
from tune_dml.data.folding import folded
from tune_dml.data.known_classes import KnownClasses
from tune_dml.data.reading import read_table
from tune_dml.data.tables import Reading, Table
from tune_dml.data.text_forms import ONE_TEXT
from tune_dml.errors import DataError, nearest, some_of

_CLASS, _TEXT = ("class", "label", "name"), ("text", "description", "sentence")


def read_class_texts(path: Path, task: str, names: Sequence[str]) -> tuple[tuple[int, str], ...]:
    """The texts with the class of each, each once, in the order of the file.

    Args:
        names: Of the classes; they may also be called as :func:`tune_dml.data.spoken_names` calls them.

    Raises:
        DataError: the file cannot be read or has other columns than a class and a text, a row lacks one of the two, a
            class is none of the task's, a class has no text, or a text stands for two.
    """
    known = KnownClasses(task, names)
    table, columns = _columns(path, known)
    settings = TaskSettings(task, text_columns=(columns[1],), label_column=columns[0], header=bool(table.header))
    rows = read_rows(table, settings, Wanted(), ONE_TEXT, need_groups=False)
    found: dict[str, int] = {}
    # Where the file has numbers and names beside them, these count.
    for number, (name, text) in enumerate(zip(rows.labels, rows.texts, strict=True)):
        if name is None or not text:
            if name is not None or text:
                raise DataError(f"{path}: the row {name or text[:40]!r} lacks a {'text' if name else 'class'}.")
            continue
        label = known.label((rows.named[number] if rows.named else None) or name)
        if label is None:
            raise DataError(f"{path}: {task} has no class '{name}': {nearest(name, names)}")
        if found.setdefault(text, label) != label:
            raise DataError(f"{path}: '{text[:40]}' stands for two classes, {names[found[text]]} and {names[label]}.")
    if without := [name for label, name in enumerate(names) if label not in found.values()]:
        raise DataError(f"{path} has no text for {some_of(without)}; every class needs one.")
    return tuple((label, text) for text, label in found.items())


def _columns(path: Path, known: KnownClasses) -> tuple[Table, tuple[str, str]]:
    """The table, and its columns of classes and of texts."""
    table = read_table(path)
    heads = any(folded(name) in (*_CLASS, *_TEXT) and known.label(name) is None for name in table.names)
    if table.header and known.count(table.names) and not heads:
        # The first row is one of classes and texts as well.
        table = read_table(path, Reading(header=False))
        if len(table.names) == 2:
            return table, _by_cells(table, known)
    found = [next((own for name in names if (own := matching(table, name))), None) for names in (_CLASS, _TEXT)]
    if None in found and len(table.names) == 2:
        # Whatever they are called: the one is known by the other, else by its cells.
        first, second = table.names
        if found == [None, None]:
            known.check_no_class(first, path)
            return table, _by_cells(table, known)
        found = [second, first] if first == found[1] or second == found[0] else [first, second]
    if found[0] is None or found[1] is None:
        has = ", ".join(table.names)
        raise DataError(f"{path} needs a column 'class' and a column 'text'; its columns are {has}.")
    return table, (found[0], found[1])


def _by_cells(table: Table, known: KnownClasses) -> tuple[str, str]:
    """Of two columns the one that has more classes, the first where they have as many; and the other."""
    first, second = table.names
    turned = known.count(table.column(second)) > known.count(table.column(first))
    return (second, first) if turned else (first, second)
