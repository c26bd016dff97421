"""Notices that the training loss no longer falls."""

from __future__ import annotations

import math

#: Share of the lowest loss so far by which an epoch has to be lower still.
LEAST_GAIN = 0.01


class Plateau:
    """Reached once ``patience`` epochs in a row have not lowered the mean loss by :data:`LEAST_GAIN`; 0: never."""

    def __init__(self, patience: int) -> None:
        self._patience, self._lowest, self._epochs = patience, math.inf, 0

    def add(self, loss: float) -> None:
        """An epoch's mean loss."""
        gained = self._lowest == math.inf or loss < self._lowest - LEAST_GAIN * abs(self._lowest)
        self._epochs = 0 if gained else self._epochs + 1
        self._lowest = min(self._lowest, loss)

    def reached(self) -> bool:
        return 0 < self._patience <= self._epochs
