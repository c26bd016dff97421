"""What every objective offers to training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

Values = Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Seen:
    """A batch that the encoder has seen. Each call computes anew, with the gradient's way back to the encoder.

    Attributes:
        vectors: One of each example: float32 ``[n, width]``.
        examples: What a metric loss compares: vectors ``[m, width]`` and the target of each.
        targets: Of the examples, ``[n]``.
    """

    vectors: Callable[[], Tensor]
    examples: Callable[[], tuple[Tensor, Tensor]]
    targets: Tensor


class Objective(Protocol):
    """A loss with what it trains beside the encoder.

    Attributes:
        heads: Modules that are trained with ``head_lr`` and decayed.
        loss: What is trained with ``loss_lr``, undecayed; ``None`` where there is nothing.
        figures: Names of what it notes of each step.
    """

    @property
    def heads(self) -> Sequence[nn.Module]: ...

    @property
    def loss(self) -> nn.Module | None: ...

    @property
    def figures(self) -> Sequence[str]: ...

    def __call__(self, batch: Seen) -> tuple[Tensor, Mapping[str, float]]:
        """The loss of a batch, a float32 scalar, and its :attr:`figures`, of which the mean over all steps is kept."""
        ...

    def head_state(self) -> Values:
        """Parameters of the head by name, for read-outs; empty where none can use them."""
        ...

    def loss_state(self) -> Values:
        """Parameters of the loss by name, likewise."""
        ...

    def projection_state(self) -> Values:
        """Parameters of what read-outs see the vectors through, by name; empty where they see them as they are."""
        ...
