"""Training that ends once its loss no longer falls."""

from __future__ import annotations

import math

from tune_dml.config.domains import Int
from tune_dml.recipe.hyperparameter import Hyperparameter
from tune_dml.recipe.ingredient import Ingredient

#: Share of the lowest loss so far by which an epoch has to be lower still.
LEAST_GAIN = 0.01


class Plateau:
    """Called with each epoch's mean loss: whether ``patience`` epochs in a row have not lowered it by
    :data:`LEAST_GAIN`."""

    def __init__(self, patience: int) -> None:
        self._patience, self._lowest, self._epochs = patience, math.inf, 0

    def __call__(self, loss: float) -> bool:
        gained = self._lowest == math.inf or loss < self._lowest - LEAST_GAIN * abs(self._lowest)
        self._epochs = 0 if gained else self._epochs + 1
        self._lowest = min(self._lowest, loss)
        return self._epochs >= self._patience


SPEC = Ingredient(
    name="plateau",
    description="training that ends once its loss no longer falls",
    hyperparameters={
        "patience": Hyperparameter(
            0, Int(0, 10_000), "epochs in a row that have not lowered the mean loss by a hundredth; 0: never"
        )
    },
    switch="patience",
    flat={"patience": "patience"},
    stops=lambda values: Plateau(int(values["patience"])),
)
