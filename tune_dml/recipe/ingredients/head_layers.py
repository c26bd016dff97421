"""What the cross-entropy head consists of."""

from __future__ import annotations

from tune_dml.config.domains import Choice
from tune_dml.recipe.hyperparameter import Hyperparameter
from tune_dml.recipe.ingredient import Ingredient

SPEC = Ingredient(
    name="head_layers",
    description="what the cross-entropy head consists of",
    hyperparameters={
        "kind": Hyperparameter(
            "linear",
            Choice(("linear", "mlp")),
            "mlp: RoBERTa's, with a dense layer and tanh in front (Liu et al. 2019, arXiv 1907.11692)",
        )
    },
    switch="kind",
    flat={"kind": "head"},
)
