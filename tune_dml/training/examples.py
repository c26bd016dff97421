"""What training learns from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tune_dml.data import KINDS
from tune_dml.models.tokens import TokenArrays


@dataclass(frozen=True, eq=False)
class Anchors:
    """Texts that describe classes, each of which counts as ``weight`` examples where a class is read by its mean."""

    tokens: TokenArrays
    targets: npt.NDArray[Any]
    weight: float


@dataclass(frozen=True, eq=False)
class Examples:
    """Texts with what is to be learnt of them.

    Attributes:
        tokens: Of the texts, or pairs of texts.
        targets: What is right for each, as the kind has it.
        kind: The name of their kind of task.
        outputs: How many numbers a model gives for each: of classes one for each class, of which not every one has to
            occur.
        anchors: Beside them, what no step is trained on.
    """

    tokens: TokenArrays
    targets: npt.NDArray[Any]
    kind: str
    outputs: int
    anchors: Anchors | None = None

    @property
    def strata(self) -> npt.NDArray[np.int64]:
        """By which batches are spread: of classes the class."""
        return KINDS[self.kind].target.strata(self.targets)

    @property
    def copies(self) -> npt.NDArray[np.int64] | None:
        """The same number for each that is the same text of one set; ``None`` where there are no two such."""
        places = self.tokens.whole[1]
        return places if len(np.unique(places)) < len(places) else None

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: npt.NDArray[np.int64]) -> Examples:
        """Those at positions ``rows``, in that order."""
        return replace(self, tokens=self.tokens.take(rows), targets=self.targets[rows])
