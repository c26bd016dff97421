"""What ``--label-texts`` gives: texts that describe the classes, out of a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tune_dml.config import TaskSettings
from tune_dml.data.columns import Wanted, matching, read_rows
from tune_dml.data.folding import folded
from tune_dml.data.labels import same
from tune_dml.data.reading import read_table
from tune_dml.data.spoken_names import spoken_names
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
    known = {_form(name): label for called in (spoken_names(task, names), names) for label, name in enumerate(called)}
    table, columns = _columns(path, known)
    settings = TaskSettings(task, text_columns=(columns[1],), label_column=columns[0], header=bool(table.header))
    rows = read_rows(table, settings, Wanted(), ONE_TEXT, need_groups=False)
    found: dict[str, int] = {}
    for name, text in zip(rows.labels, rows.texts, strict=True):
        if name is None or not text:
            if name is not None or text:
                raise DataError(f"{path}: the row {name or text[:40]!r} lacks a {'text' if name else 'class'}.")
            continue
        if _form(name) not in known:
            raise DataError(f"{path}: {task} has no class '{name}': {nearest(name, names)}")
        label = known[_form(name)]
        if found.setdefault(text, label) != label:
            raise DataError(f"{path}: '{text[:40]}' stands for two classes, {names[found[text]]} and {names[label]}.")
    if without := [name for label, name in enumerate(names) if label not in found.values()]:
        raise DataError(f"{path} has no text for {some_of(without)}; every class needs one.")
    return tuple((label, text) for text, label in found.items())


def _form(name: str) -> str:
    return folded(same(name))


def _columns(path: Path, known: dict[str, int]) -> tuple[Table, tuple[str, str]]:
    """The table, and its columns of classes and of texts."""
    table = read_table(path)
    is_row = any(_form(name) in known for name in table.names)
    if table.header and is_row and not any(matching(table, name) for name in _TEXT):
        # The first row is one of classes and texts as well.
        table = read_table(path, Reading(header=False))
        if len(table.names) == 2:
            return table, (table.names[0], table.names[1])
    found = [next((own for name in names if (own := matching(table, name))), None) for names in (_CLASS, _TEXT)]
    if None in found and len(table.names) == 2:
        # Whatever they are called: the one is known by the other, else by its place.
        first, second = table.names
        found = [second, first] if first == found[1] or second == found[0] else [first, second]
    if found[0] is None or found[1] is None:
        has = ", ".join(table.names)
        raise DataError(f"{path} needs a column 'class' and a column 'text'; its columns are {has}.")
    return table, (found[0], found[1])
