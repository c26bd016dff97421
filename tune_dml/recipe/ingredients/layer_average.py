"""Hidden states that are the mean of those of several layers."""

from __future__ import annotations

from tune_dml.config.domains import Int
from tune_dml.recipe.hyperparameter import Hyperparameter
from tune_dml.recipe.ingredient import Ingredient

SPEC = Ingredient(
    name="layer_average",
    description="hidden states that are the mean of those of several of the top layers",
    hyperparameters={"layers": Hyperparameter(1, Int(1, 1_000), "how many of the top layers")},
    switch="layers",
    flat={"layers": "averaged_layers"},
)
