"""Labels that are numbers, as written."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from tune_dml.data.folding import visible
from tune_dml.data.known_tasks import TaskSpec
from tune_dml.data.raw_rows import RawRows
from tune_dml.data.task_source import Source
from tune_dml.errors import DataError

#: Of what is no number as it is written here, the first that fits.
_CURES = (
    (re.compile(r"-?\d{1,3}([,_' ]\d{3})+(\.\d+)?"), "Write thousands without anything between them: 1000."),
    (re.compile(r"-?\d+,\d+"), "Write decimals with a point."),
)
#: Models compute with numbers that go no further.
_GREATEST = 1e30
#: Different numbers with a fraction, from which a column is taken to hold numbers and not the names of classes.
_MANY = 10


class NumberCode:
    """Numbers as they are.

    Args:
        name: Of what they measure.
        count: Training labels.
        limits: What they may be, where that is known.
    """

    def __init__(self, name: str, count: int, limits: tuple[float, float] | None = None) -> None:
        self.names = (name,)
        self.train_counts: Mapping[str, int] = {name: count}
        self._limits = limits

    def encode(self, rows: RawRows, split: str) -> list[float]:
        """Raises:
        DataError: a label is missing, is no number up to 1e30, or lies beyond the limits.
        """
        numbers = [number(label) for label in rows.labels]
        missing = [i for i, each in enumerate(numbers) if each is None]
        if missing:
            label = rows.labels[missing[0]]
            shown = "none" if label is None else f"'{label[:40]}'"
            cure = next(
                (cure for form, cure in _CURES if label is not None and form.fullmatch(visible(label))),
                "Correct or leave these rows out; for classes leave --kind out.",
            )
            raise DataError(
                f"{rows.where}: {len(missing):,} of {len(rows):,} rows of the {split} split have no number for a label "
                f"(the first is {shown}, of {rows.texts[missing[0]][:40]!r}). {cure}"
            )
        found = [each for each in numbers if each is not None]
        if self._limits is not None:
            low, high = self._limits
            beyond = [each for each in found if not low <= each <= high]
            if beyond:
                raise DataError(
                    f"{rows.where}: {len(beyond):,} of {len(rows):,} rows of the {split} split have a number beyond "
                    f"{low:g} to {high:g}, which is what this task's are (the first is {beyond[0]:g}). Correct "
                    "them, or give the task another name."
                )
        return found


def number_code(raw: dict[str, RawRows], spec: TaskSpec | None, source: Source, notes: list[str]) -> NumberCode:
    """The code of the training labels."""
    train = raw["train"] if "train" in raw else raw["all"]
    known = spec is not None and spec.limits is not None
    name = spec.label_names[0] if spec is not None and known else "number"
    return NumberCode(name, len(train), spec.limits if spec is not None else None)


def number(label: str | None) -> float | None:
    """What a label says; ``None`` if it is no number up to 1e30."""
    text = visible(label or "")
    try:
        # Python reads 1_000 as well.
        found = math.nan if "_" in text else float(text)
    except ValueError:
        return None
    return found if abs(found) <= _GREATEST else None


def are_numbers(names: Sequence[str]) -> bool:
    """Whether the names of classes look like numbers to be predicted: many different ones, some with a fraction."""
    found = [number(name) for name in names]
    return len(names) > _MANY and None not in found and any(each != int(each) for each in found if each is not None)
