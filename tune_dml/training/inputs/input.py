"""What every way of feeding texts to the encoder offers to training."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor

from tune_dml.models.tokens import TokenArrays

Rows = npt.NDArray[np.int64]


class Input(Protocol):
    """The training texts. ``rows`` are positions of examples, int64 ``[n]``."""

    def parts(self, rows: Rows) -> list[Rows]:
        """A batch in parts that are cheaper to run one by one, each by rising length; often only one."""
        ...

    def hidden(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """Hidden states ``[texts, tokens, dimension]``, and the mask ``[texts, tokens]``: 1 for real tokens."""
        ...

    def vectors(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Of :meth:`hidden`'s states, the vector of each example: float32 ``[n, width]``."""
        ...

    def examples(self, hidden: Tensor, mask: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """What a metric loss compares: vectors ``[m, width]`` and the target of each; m is n, or the real tokens."""
        ...

    def texts(self, rows: Rows | None) -> TokenArrays:
        """The prepared texts of examples, to be embedded once training is over; ``None``: of all."""
        ...
