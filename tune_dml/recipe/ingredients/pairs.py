"""How the two texts of a pair meet: in one sequence, or in two that are compared."""

from __future__ import annotations

from tune_dml.config.domains import Choice
from tune_dml.recipe.hyperparameter import Hyperparameter
from tune_dml.recipe.ingredient import Ingredient

SPEC = Ingredient(
    name="pairs",
    description="how the encoder sees the two texts of a pair",
    hyperparameters={
        "encoding": Hyperparameter(
            "joint",
            Choice(("joint", "towers", "similarity")),
            "joint: one sequence of both; towers: apart, then |u - v| and u * v (Conneau et al. 2017, arXiv "
            "1705.02364); similarity: the same with the cosine of u and v",
        )
    },
    switch="encoding",
    flat={"encoding": "pair_encoding"},
)
