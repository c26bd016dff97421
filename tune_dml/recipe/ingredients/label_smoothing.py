"""Labels of which a share belongs to the other classes."""

from __future__ import annotations

from tune_dml.config.domains import Float
from tune_dml.recipe.hyperparameter import Hyperparameter
from tune_dml.recipe.ingredient import Ingredient

SPEC = Ingredient(
    name="label_smoothing",
    description="labels of which a share is spread over all classes",
    hyperparameters={
        "share": Hyperparameter(
            0.0, Float(0.0, 0.9), "of the label, in cross entropy (Szegedy et al. 2015, arXiv 1512.00567)"
        )
    },
    switch="share",
    flat={"share": "label_smoothing"},
)
