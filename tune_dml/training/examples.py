"""What training learns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tune_dml.models.tokens import TokenArrays


@dataclass(frozen=True, eq=False)
class Examples:
    """Texts with what is to be learnt of them.

    Attributes:
        tokens: Of the texts, or pairs of texts.
        targets: Their classes, int64 ``[n]``, 0 to ``classes`` - 1.
        classes: How many there are; not every one has to occur.
    """

    tokens: TokenArrays
    targets: npt.NDArray[Any]
    classes: int

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: npt.NDArray[np.int64]) -> Examples:
        """Those at positions ``rows``, in that order."""
        return Examples(self.tokens.take(rows), self.targets[rows], self.classes)
