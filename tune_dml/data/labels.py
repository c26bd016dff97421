"""From labels as written to class indices and class names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tune_dml.data.columns import RawRows
from tune_dml.errors import DataError

#: Not one of thousands of digits, which takes Python long to convert.
_INTEGER = re.compile(r"(-?(?:0|[1-9]\d{0,99}))(?:\.0+)?", re.ASCII)


class LabelCode:
    """Class names and the index of each label, learnt from the training labels alone.

    Args:
        written: The training labels, none missing.
        known: The task's own names in order, used where the labels are these names or their positions.

    Attributes:
        names: Of the classes 0, 1, ...
        fits: Whether ``known`` was given and used.
    """

    def __init__(self, written: Sequence[str], known: Sequence[str]) -> None:
        distinct = set(written)
        # Integers that passed through a table with gaps come back as 1.0: the same class as 1.
        self._integers = all(_INTEGER.fullmatch(value) for value in distinct)
        values = {self._canonical(value) for value in distinct}
        positions = {str(i): i for i in range(len(known))}
        exact = {name: i for i, name in enumerate(known)}
        folded = {name.casefold(): i for i, name in enumerate(known)}
        self._folds = False
        self.fits = True
        self._index: Mapping[str, int]
        if known and values <= exact.keys():
            self._index = exact
        elif known and {value.casefold() for value in values} <= folded.keys():
            self._folds, self._index = True, folded
        elif known and values <= positions.keys():
            self._index = positions
        else:
            self.fits = False
            ordered = sorted(values, key=int) if self._integers else sorted(values)
            self._index = {value: i for i, value in enumerate(ordered)}
        self.names = tuple(known) if self.fits else tuple(self._index)

    def _canonical(self, value: str) -> str:
        match = _INTEGER.fullmatch(value) if self._integers else None
        return match.group(1) if match else value

    def encode(self, rows: RawRows, split: str) -> list[int]:
        """Indices of a split's labels.

        Raises:
            DataError: a label is missing, or is not one of the training split's.
        """
        missing = sum(label is None for label in rows.labels)
        if missing:
            first = next(i for i, label in enumerate(rows.labels) if label is None)
            raise DataError(
                f"{rows.where}: {missing} of {len(rows)} rows of the {split} split have no label "
                f"(the first is {rows.texts[first][:40]!r}). Every row needs one."
            )
        keys = [self._canonical(label or "") for label in rows.labels]
        keys = [key.casefold() for key in keys] if self._folds else keys
        unknown = sorted({key for key in keys if key not in self._index})
        if unknown:
            raise unknown_labels(rows.where, split, unknown, self.names)
        return [self._index[key] for key in keys]


def unknown_labels(where: str, split: str, unknown: Sequence[str], names: Sequence[str]) -> DataError:
    """The error for labels of a split that cannot be learnt from the training split."""
    shown = ", ".join(f"'{label}'" for label in unknown[:5]) + (", ..." if len(unknown) > 5 else "")
    known = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
    return DataError(f"{where}: the {split} split has labels that no training text carries: {shown}. They are {known}.")
