"""What is noted of training while it runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from tune_dml.errors import TrainingFailure


class Diagnostics:
    """Losses of the epoch that runs, and the objective's figures of all steps.

    Args:
        figures: Names of the objective's.
    """

    def __init__(self, figures: Iterable[str]) -> None:
        self.steps = 0
        self._losses: list[Tensor] = []
        self._totals = dict.fromkeys(figures, 0.0)

    def add(self, loss: Tensor, figures: Mapping[str, float]) -> None:
        """Those of a step. The loss may still be on its way from a GPU."""
        self.steps += 1
        self._losses.append(loss)
        for name, value in figures.items():
            self._totals[name] += value

    def begin_epoch(self) -> None:
        self._losses = []

    @property
    def mean_loss(self) -> float | None:
        """Of the epoch so far; ``None`` before its first step."""
        return float(torch.stack(self._losses).mean()) if self._losses else None

    def check(self, steps: int) -> None:
        """
        Args:
            steps: Of the whole schedule.

        Raises:
            TrainingFailure: a loss of the epoch is not finite.
        """
        if self._losses and not bool(torch.isfinite(torch.stack(self._losses)).all()):
            raise TrainingFailure("nan", f"the training loss was not finite by step {self.steps} of {steps}")

    def figures(self) -> dict[str, float]:
        """Mean over all steps of each of the objective's figures; 0 before the first."""
        return {name: total / max(1, self.steps) for name, total in self._totals.items()}
