"""Whose hidden states are used; layers above it are left out."""

from __future__ import annotations

from tune_dml.config.domains import Int
from tune_dml.recipe.hyperparameter import Hyperparameter
from tune_dml.recipe.ingredient import Ingredient

SPEC = Ingredient(
    name="layer_choice",
    description="whose hidden states are used; layers above it are left out",
    hyperparameters={"layer": Hyperparameter(None, Int(1, 1_000), "1 for the lowest; all: the last", optional=True)},
    switch="layer",
    flat={"layer": "layer"},
)
