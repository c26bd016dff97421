"""From labels as written to class indices and class names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from tune_dml.data.folding import visible
from tune_dml.data.raw_rows import RawRows
from tune_dml.errors import DataError

#: Not one of thousands of digits, which takes Python long to convert. A number that begins with a zero is a code.
_NUMBER = re.compile(r"(-?(?:0|[1-9]\d{0,99}))(?:\.(\d{1,99}))?", re.ASCII)
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,99})", re.ASCII)
UNKNOWN = -1


def same(value: str, fractions: bool = True) -> str:
    """One form for a label in all the ways that files write it: ``True`` and ``true``, ``1.0`` and ``1``, ``2.50`` and
    ``2.5``, two normal forms of ``é``, with and without characters that nobody sees.

    Args:
        fractions: Whether zeros behind a fraction that is not zero say nothing; of versions they do.
    """
    seen = visible(value)
    if seen.casefold() in ("true", "false"):
        return seen.casefold()
    match = _NUMBER.fullmatch(seen)
    if match is None:
        return seen
    zeroless = (match[2] or "").rstrip("0")
    if not zeroless:
        return "0" if match[1] == "-0" else match[1]
    return f"{match[1]}.{zeroless if fractions else match[2]}"


class LabelCode:
    """Class names and the index of each label, learnt from the training labels alone.

    Args:
        written: The training labels, none missing.
        known: Lists of names in order, each used where the labels are its names or their positions; the first that
        fits.

    Attributes:
        names: Of the classes 0, 1, ...; without ``known``, as they are most often written.
        fits: The place in ``known`` of the list that was used, or ``None``.
        train_counts: By class name, how many of ``written`` it has.
        by_position: Whether the labels are numbers and got their names by position.
        merged: Classes that are written in several ways.
    """

    def __init__(self, written: Sequence[str], *known: Sequence[str]) -> None:
        counts = Counter(written)
        # 1.1 and 1.10 side by side are versions, not two ways to write a number.
        by_form = {same(value) for value in counts}
        self._fractions = len({same(value, False) for value in counts}) == len(by_form)
        ways: dict[str, Counter[str]] = {}
        for value, count in counts.items():
            ways.setdefault(same(value, self._fractions), Counter())[value] += count
        self._folds = self.by_position = False
        self.fits: int | None = None
        self._index: Mapping[str, int] = {}
        for place, names in enumerate(known):
            if names and self._matches(set(ways), names):
                self.fits, self.names = place, tuple(names)
                break
        else:
            integers = all(_INTEGER.fullmatch(form) for form in ways)
            shown = {form: form if integers else found.most_common(1)[0][0] for form, found in ways.items()}
            ordered = sorted(ways, key=int) if integers else sorted(ways, key=shown.__getitem__)
            self._index = {form: i for i, form in enumerate(ordered)}
            self.names = tuple(shown[form] for form in ordered)
        sizes = {form: found.total() for form, found in ways.items()}
        indices = {form: self._index[form.casefold() if self._folds else form] for form in ways}
        self.train_counts = {self.names[indices[form]]: sizes[form] for form in sorted(ways, key=indices.__getitem__)}
        several = (found for form, found in ways.items() if len(found) > 1 and not _INTEGER.fullmatch(form))
        self.merged = [] if self._folds else sorted(found.most_common(1)[0][0] for found in several)

    def _matches(self, found: set[str], names: Sequence[str]) -> bool:
        exact = {same(name): i for i, name in enumerate(names)}
        caseless = {name.casefold(): i for name, i in exact.items()}
        positions = {str(i): i for i in range(len(names))}
        if found <= exact.keys():
            self._index = exact
        elif {form.casefold() for form in found} <= caseless.keys():
            self._folds, self._index = True, caseless
        elif found <= positions.keys():
            self.by_position, self._index = True, positions
        else:
            return False
        return True

    def encode(self, rows: RawRows, split: str) -> list[int]:
        """Indices of a split's labels; :data:`UNKNOWN` for those that no training text carries.

        Raises:
            DataError: a label is missing.
        """
        missing = sum(label is None for label in rows.labels)
        if missing:
            first = next(i for i, label in enumerate(rows.labels) if label is None)
            raise DataError(
                f"{rows.where}: {missing} of {len(rows)} rows of the {split} split have no label "
                f"(the first is {rows.texts[first][:40]!r}). Every row needs one."
            )
        return [self.index(label or "") for label in rows.labels]

    def index(self, label: str) -> int:
        """Of a label as written; :data:`UNKNOWN` where no training text carries it."""
        form = same(label, self._fractions)
        return self._index.get(form.casefold() if self._folds else form, UNKNOWN)


def differing_in_case(names: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of classes whose names differ in nothing else."""
    first: dict[str, str] = {}
    pairs = []
    for name in names:
        before = first.setdefault(visible(name).casefold(), name)
        if before != name:
            pairs.append((before, name))
    return pairs


def unknown_labels(
    where: str, split: str, unknown: Mapping[str, int], total: int, rows: int, classes: Mapping[str, int]
) -> DataError:
    """The error for labels of a split that cannot be learnt from the training split.

    Args:
        unknown: Those labels, and how many of the split's rows have each.
        total: Of the split's ``rows``, those that have one of them.
        classes: The classes, and how many training texts each has.
    """
    shown = ", ".join(f"'{label}' ({n:,})" for label, n in list(unknown.items())[:5]) + (
        ", ..." if len(unknown) > 5 else ""
    )
    known = ", ".join(f"{name} ({n:,})" for name, n in list(classes.items())[:10]) + (
        ", ..." if len(classes) > 10 else ""
    )
    alike = {name.casefold(): name for name in classes}
    close = [(label, alike[label.casefold()]) for label in unknown if label.casefold() in alike]
    hint = f" '{close[0][0]}' and '{close[0][1]}' differ only in case." if close else ""
    return DataError(
        f"{where}: {total:,} of {rows:,} rows of the {split} split have labels that no training text carries: {shown}. "
        f"The classes are {known}.{hint} Correct them, or leave those rows out with --drop-unknown-labels."
    )
