"""From labels as written, each with any number of names, to which of the names a text has."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tune_dml.data.folding import trimmed
from tune_dml.data.json_lines import json_text
from tune_dml.data.known_tasks import TaskSpec
from tune_dml.data.labels import UNKNOWN, LabelCode, same
from tune_dml.data.raw_rows import RawRows
from tune_dml.data.task_source import Source
from tune_dml.errors import DataError

#: Between names, where labels are no lists. The first is always taken as one, the others only where names come again.
SEPARATORS = (";", "|", "#", "\n", ",")
#: A list is this long at most: what Python's parser is given.
_LONGEST = 10_000
#: As numpy prints an array, without commas: Python would read its names as one.
_OF_NUMPY = re.compile(
    r"""\[\s*(?:(?:'[^']*'|"[^"]*")\s*){2,}\]|\[\s*(?:True|False|[\d.]+)(?:\s+(?:True|False|[\d.]+))*\s*\]"""
)
_MEMBER = re.compile(r"""'([^']*)'|"([^"]*)"|(True|False|[\d.]+)""")
#: What the texts of a tuple and a set in Python, and of an object in JSON, begin and end with.
_ENCLOSED = {("(", ")"), ("{", "}")}


def written(cell: Any) -> Any:
    """What stands for the names in a cell: a list as JSON."""
    cell = _chosen(cell)
    return json_text(list(cell)) if isinstance(cell, list | tuple) else cell


def _chosen(cell: Any) -> Any:
    """The names in what Label Studio has where there are several, ``{"choices": ["a", "b"]}``; all else as it is."""
    return cell["choices"] if isinstance(cell, dict) and isinstance(cell.get("choices"), list) else cell


def parts(label: str, separator: str = SEPARATORS[0]) -> list[str]:
    """The names in a label as written: a list, else separated; each once."""
    found = listed(label)
    if found is None:
        found = label.split(separator)
    return list(dict.fromkeys(filter(None, map(trimmed, found))))


def listed(label: str) -> list[str] | None:
    """The members of a list as JSON, as Python writes it (``['a', 'b']``, a tuple or a set), as numpy does
    (``['a' 'b']``), as Label Studio does, or with nothing around its names (``[a, b]``); ``None`` if it is none."""
    in_brackets = label.startswith("[") and label.endswith("]")
    if not in_brackets and (label[:1], label[-1:]) not in _ENCLOSED:
        return None
    if len(label) <= _LONGEST and _OF_NUMPY.fullmatch(label):
        return ["".join(found).removesuffix(".") for found in _MEMBER.findall(label)]
    for read in (json.loads, ast.literal_eval):
        try:
            found = _chosen(read(label)) if len(label) <= _LONGEST else None
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        if isinstance(found, list | tuple | set):
            return [each if isinstance(each, str) else json_text(each) for each in found]
    return label[1:-1].split(",") if in_brackets else None


def separator_of(labels: Iterable[str]) -> str:
    """What stands between names: semicolons; without any the first of the others that makes fewer names than there are
    different labels, none of them empty."""
    plain = {label for label in labels if listed(label) is None}
    if not any(SEPARATORS[0] in label for label in plain):
        for separator in SEPARATORS[1:]:
            names = {trimmed(name) for label in plain for name in label.split(separator)}
            if any(separator in label for label in plain) and len(names) < len(plain) and "" not in names:
                return separator
    return SEPARATORS[0]


class LabelSetCode:
    """A :class:`tune_dml.data.kind.Code`, learnt from the training labels alone.

    Args:
        labels: The training labels as written, none missing.
        known: As of :class:`LabelCode`.

    Attributes:
        separator: Between names, where labels are no lists.
        positions: Whether labels are rows of 0 and 1, a place for each name.
    """

    def __init__(self, labels: Sequence[str], known: Sequence[str]) -> None:
        self.separator = separator_of(labels)
        self.positions = _are_positions(labels)
        self._known = known
        self._places = len(listed(labels[0]) or ()) if self.positions else 0
        self._each = LabelCode([name for label in labels for name in self._names(label)], known)
        self.names: tuple[str, ...] = self._each.names
        self.train_counts: Mapping[str, int] = self._each.train_counts
        self.merged: list[str] = self._each.merged

    def encode(self, rows: RawRows, split: str) -> list[list[int]]:
        """For each text 1 where it has a name and 0 where not; :data:`UNKNOWN` throughout where it has one that no
        training text carries.

        Raises:
            DataError: a label is missing.
        """
        missing = [i for i, label in enumerate(rows.labels) if label is None]
        if missing:
            raise DataError(
                f"{rows.where}: {len(missing)} of {len(rows)} rows of the {split} split have no label (the first is "
                f"{rows.texts[missing[0]][:40]!r}). Every row needs one; [] stands for none of the names."
            )
        if self.positions:
            self._check_positions(rows)
        return [self._row(label or "") for label in rows.labels]

    def _check_positions(self, rows: RawRows) -> None:
        others = [label for label in rows.labels if len(listed(label or "") or ()) != self._places]
        if others:
            raise DataError(
                f"{rows.where}: the training labels are rows of {self._places} zeros and ones, and "
                f"{str(others[0])[:40]!r} is none."
            )

    def _row(self, label: str) -> list[int]:
        places = {self._each.index(name) for name in self._names(label)}
        return [UNKNOWN if UNKNOWN in places else int(i in places) for i in range(len(self.names))]

    def unseen(self, label: str) -> list[str]:
        """The names that no training text has."""
        return [name for name in self._names(label) if self._each.index(name) == UNKNOWN]

    def _names(self, label: str) -> list[str]:
        if not self.positions:
            return parts(label, self.separator)
        marks = listed(label) or []
        names = self._known if len(self._known) == len(marks) else range(len(marks))
        return [str(name) for name, mark in zip(names, marks, strict=True) if same(mark) in ("1", "true")]


def _are_positions(labels: Sequence[str]) -> bool:
    """Whether all are lists of 0 and 1 of one length, some of which say one of them twice: no list of names does."""
    rows = [listed(label) for label in dict.fromkeys(labels)]
    found = [[same(mark) for mark in row] for row in rows if row is not None]
    if not rows or len(found) < len(rows) or any(not set(row) <= {"0", "1", "true", "false"} for row in found):
        return False
    return len({len(row) for row in found}) == 1 and any(len(set(row)) < len(row) for row in found)


def label_set_code(raw: dict[str, RawRows], spec: TaskSpec | None, source: Source, notes: list[str]) -> LabelSetCode:
    """The code of the training labels."""
    train = raw["train"] if "train" in raw else raw["all"]
    known = spec.label_names if spec is not None else source.label_names
    code = LabelSetCode([label for label in train.labels if label is not None], known)
    if code.merged:
        shown = ", ".join(f"'{name}'" for name in code.merged[:10])
        notes.append(f"Labels that look alike but are written in several ways are one each: {shown}.")
    if code.positions:
        notes.append("Labels are rows of 0 and 1: a 1 says which of the labels 0, 1, 2, ... a text has.")
    elif code.separator != SEPARATORS[0]:
        notes.append(f"Labels are taken as several names with {code.separator!r} between them.")
    elif undecided := [name for name in code.names if any(mark in name for mark in SEPARATORS)]:
        notes.append(f"Labels such as '{undecided[0]}' are one name each; several names are written as a;b.")
    elif all(len(parts(label, code.separator)) == 1 for label in train.labels if label is not None):
        notes.append("Every training text has one label. Several are a list or a;b; without --kind they are classes.")
    return code
