"""Drops what would spoil a number: empty texts, copies across splits, conflicting labels, duplicates.

Two texts are the same if they differ only in case, in runs of whitespace, and in what cannot be seen. No decision
looks at a test label.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable

import numpy as np

from tune_dml.data.folding import folded
from tune_dml.data.raw_rows import RawRows
from tune_dml.data.task import Split


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """``1 text``, ``1,234 texts``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def without_empty(rows: RawRows, split: str) -> tuple[RawRows, list[str]]:
    """Rows whose text, or either text of a pair, is not empty."""
    second = rows.texts_b if rows.texts_b is not None else rows.texts
    kept = [i for i, (text, text_b) in enumerate(zip(rows.texts, second, strict=True)) if text and text_b]
    dropped = len(rows) - len(kept)
    if not dropped:
        return rows, []
    noun = "empty text" if rows.texts_b is None else "pair with an empty text"
    plural = None if rows.texts_b is None else "pairs with an empty text"
    return rows.take(kept), [f"{counted(dropped, noun, plural)} dropped{f' from the {split} split' if split else ''}."]


def _keys(split: Split) -> list[Hashable]:
    first = [folded(text) for text in split.texts]
    if split.texts_b is None:
        return list(first)
    return list(zip(first, (folded(text) for text in split.texts_b), strict=True))


def without_copies(train: Split, other: Split, name: str) -> tuple[Split, list[str]]:
    """Training rows whose text, and whose group, is not in the other split too."""
    seen = set(_keys(other))
    kept = [i for i, key in enumerate(_keys(train)) if key not in seen]
    notes = []
    if len(kept) < len(train):
        verb = "is" if len(train) - len(kept) == 1 else "are"
        notes.append(
            f"{counted(len(train) - len(kept), 'training text')} that {verb} also in the {name} split dropped."
        )
        train = train.take(kept)
    if train.groups is not None and other.groups is not None:
        # Rows without a group are named by position ("row 3"), which says nothing across splits.
        held = {group for group in other.groups if group.startswith("group ")}
        kept = [i for i, group in enumerate(train.groups) if group not in held]
        if len(kept) < len(train):
            number = counted(len(train) - len(kept), "training text")
            notes.append(f"{number} of groups that also have texts in the {name} split dropped.")
            train = train.take(kept)
    return train, notes


def without_conflicts(train: Split) -> tuple[Split, list[str]]:
    """Rows whose text carries one label only."""
    keys = _keys(train)
    labels: defaultdict[Hashable, set[str]] = defaultdict(set)
    for key, label in zip(keys, train.labels, strict=True):
        labels[key].add(str(label.tolist()))
    texts = sum(len(found) > 1 for found in labels.values())
    if not texts:
        return train, []
    kept = [i for i, key in enumerate(keys) if len(labels[key]) == 1]
    rows = counted(len(train) - len(kept), "row")
    return train.take(kept), [f"{counted(texts, 'text')} with conflicting labels dropped ({rows})."]


def without_duplicates(train: Split) -> tuple[Split, list[str]]:
    """The first row of each text."""
    first: dict[Hashable, int] = {}
    for i, key in enumerate(_keys(train)):
        first.setdefault(key, i)
    if len(first) == len(train):
        return train, []
    dropped = counted(len(train) - len(first), "duplicate text")
    return train.take(np.fromiter(first.values(), np.int64)), [f"{dropped} dropped."]
