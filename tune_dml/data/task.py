"""What every other floor gets from here: labelled texts, and where they came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """Labelled texts, or pairs of texts, in a fixed order.

    Attributes:
        texts: The text of each row; of a pair, the first one.
        texts_b: The second texts of pairs, else ``None``.
        labels: The target of each row, as its kind has it; a class is an index into the task's label names.
        groups: Rows of one group never part (folds, test split); ``None`` where there are no groups.
    """

    texts: tuple[str, ...]
    texts_b: tuple[str, ...] | None
    labels: npt.NDArray[Any]
    groups: tuple[str, ...] | None

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Sequence[int] | Rows) -> Split:
        """The rows at these positions, in this order."""
        picked = np.asarray(rows, dtype=np.int64)
        return Split(
            texts=tuple(self.texts[i] for i in picked),
            texts_b=None if self.texts_b is None else tuple(self.texts_b[i] for i in picked),
            labels=self.labels[picked],
            groups=None if self.groups is None else tuple(self.groups[i] for i in picked),
        )

    def hashes(self) -> tuple[str, ...]:
        """SHA-256 (hex) of each row's text, second text (or null) and target, as a JSON list."""
        second: Sequence[str | None] = self.texts_b or (None,) * len(self)
        return tuple(
            hashlib.sha256(json.dumps([text, text_b, label.tolist()]).encode()).hexdigest()
            for text, text_b, label in zip(self.texts, second, self.labels, strict=True)
        )


@dataclass(frozen=True, eq=False)
class Task:
    """A data set that is ready to be drawn from.

    Attributes:
        name: As the registry spells it, else as the user did.
        kind: Its name out of :data:`tune_dml.data.kinds.KINDS`.
        label_names: Of the classes 0, 1, ... (of what outputs stand for); every one of them has a text in ``train``.
        train: The training pool: clean, no text twice, none that is also in ``validation`` or ``test``.
        source: Where it came from, in plain words.
        notes: What cleaning and splitting did, one plain sentence each.
        stands_in: Whether the test split is the source's validation split.
    """

    name: str
    kind: str
    label_names: tuple[str, ...]
    train: Split
    validation: Split | None
    test: Split | None
    source: str
    notes: tuple[str, ...]
    stands_in: bool = False


def per_class(labels: npt.NDArray[np.int64], label_names: Sequence[str]) -> dict[str, int]:
    """How many labels each class has, in the order of ``label_names``; 0 where it has none."""
    counts = np.bincount(labels, minlength=len(label_names))
    return {name: int(count) for name, count in zip(label_names, counts, strict=True)}
