"""From labels as written, each with any number of names, to which of the names a text has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tune_dml.data.folding import trimmed
from tune_dml.data.json_lines import json_text
from tune_dml.data.known_tasks import TaskSpec
from tune_dml.data.labels import UNKNOWN, LabelCode
from tune_dml.data.raw_rows import RawRows
from tune_dml.data.task_source import Source
from tune_dml.errors import DataError

SEPARATOR = ";"


def written(cell: Any) -> Any:
    """What stands for the names in a cell: a list as JSON."""
    return json_text(list(cell)) if isinstance(cell, list | tuple) else cell


def parts(label: str) -> list[str]:
    """The names in a label as written: a list as JSON, else separated by semicolons; each once."""
    if label.startswith("["):
        try:
            found = [each if isinstance(each, str) else json_text(each) for each in json.loads(label)]
        except (ValueError, RecursionError):
            found = label.split(SEPARATOR)
    else:
        found = label.split(SEPARATOR)
    return list(dict.fromkeys(filter(None, map(trimmed, found))))


class LabelSetCode:
    """A :class:`tune_dml.data.kind.Code`, learnt from the training labels alone.

    Args:
        labels: The training labels as written, none missing.
        known: As of :class:`LabelCode`.
    """

    def __init__(self, labels: Sequence[str], known: Sequence[str]) -> None:
        self._each = LabelCode([name for label in labels for name in parts(label)], known)
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
        return [self._row(label or "") for label in rows.labels]

    def _row(self, label: str) -> list[int]:
        places = {self._each.index(name) for name in parts(label)}
        return [UNKNOWN if UNKNOWN in places else int(i in places) for i in range(len(self.names))]


def label_set_code(raw: dict[str, RawRows], spec: TaskSpec | None, source: Source, notes: list[str]) -> LabelSetCode:
    """The code of the training labels."""
    train = raw["train"] if "train" in raw else raw["all"]
    known = spec.label_names if spec is not None else source.label_names
    code = LabelSetCode([label for label in train.labels if label is not None], known)
    if code.merged:
        shown = ", ".join(f"'{name}'" for name in code.merged[:10])
        notes.append(f"Labels that look alike but are written in several ways are one each: {shown}.")
    return code
