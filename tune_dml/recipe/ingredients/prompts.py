"""Texts in templates, one drawn anew for each text and step, read at the mask token: DynaMaR's dynamic prompts."""

from __future__ import annotations

from tune_dml.config.domains import Choice, Int
from tune_dml.recipe.hyperparameter import Hyperparameter
from tune_dml.recipe.ingredient import Ingredient

#: How a text is scored, which has as many vectors as the pool has templates.
PROBABILITIES, EMBEDDINGS, FIRST = "probabilities", "embeddings", "first"

SPEC = Ingredient(
    name="prompts",
    description="texts in templates, one drawn anew for each text and step, read at the mask token",
    hyperparameters={
        "pool": Hyperparameter(
            0,
            Int(0, 64),
            "templates that are drawn from, as unlike one another as can be (Zheng et al. 2022, arXiv 2206.02982); 1: "
            "always the same one; 0: off; needs the representation 'mask'",
        ),
        "scoring": Hyperparameter(
            PROBABILITIES,
            Choice((PROBABILITIES, EMBEDDINGS, FIRST)),
            f"{PROBABILITIES}: their mean over the pool; {EMBEDDINGS}: those of their mean; {FIRST}: those of the "
            "pool's first template",
        ),
    },
    switch="pool",
)
