"""What is odd about the classes that were read: too few, one a text, names that look alike or like a missing label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tune_dml.data.cleaning import counted
from tune_dml.data.kind import Code
from tune_dml.data.labels import differing_in_case
from tune_dml.data.numbers import are_numbers
from tune_dml.data.task import Split
from tune_dml.errors import DataError

#: What R, pandas, MySQL and spreadsheets write where there is no value. Classes may well be called so, too.
_MISSING = frozenset({"na", "n/a", "#n/a", "nan", "null", "\\n", "?"})
#: With more classes than this, one for each text means that the column holds no classes.
_MOST_LONE = 20


def check_size(pool: Split, where: str, notes: Sequence[str]) -> None:
    """Raises:
    DataError: cleaning leaves fewer than two training texts.
    """
    if len(pool) < 2:
        raise DataError(
            f"{where} leaves {counted(len(pool), 'training text')} after cleaning; 2 or more are "
            f"needed. {' '.join(notes)}".rstrip()
        )


def check_pool(pool: Split, code: Code, where: str, notes: Sequence[str]) -> None:
    """Raises:
    DataError: the clean training texts cannot be told apart by their labels; ``notes`` say what cleaning took.
    """
    check_size(pool, where, notes)
    present = np.unique(pool.labels)
    if len(present) < 2:
        raise DataError(
            f"{where}: every training text has the label '{code.names[present[0]]}'. "
            f"A classifier needs two classes or more; is it the right label column? {' '.join(notes)}".rstrip()
        )
    if are_numbers([code.names[label] for label in present]):
        raise DataError(
            f"{where}: the labels are {len(present)} different numbers, such as {code.names[present[0]]}. To predict "
            "numbers add --kind regression; if each is a class of its own, write names for them into the file."
        )
    if len(present) == len(pool) > _MOST_LONE:
        raise DataError(f"{where}: each of the {len(pool)} texts has a label of its own; is it the right label column?")


def name_notes(names: Sequence[str]) -> list[str]:
    """A sentence for each pair of classes that differ only in case, and for a class that looks like a missing label."""
    alike = [
        f"The classes '{one}' and '{other}' differ only in case; they stay two classes."
        for one, other in differing_in_case(names)
    ]
    odd = [f"The class '{name}' looks like a missing label." for name in names if name.casefold() in _MISSING]
    return [*alike, *(f"{note} If it is one, leave those rows out of the file." for note in odd)]
