"""Texts made of the classes' names, trained on like shots: of them the encoder may know more than of few examples."""

from __future__ import annotations

from tune_dml.config.domains import Choice, Int
from tune_dml.recipe.hyperparameter import Hyperparameter
from tune_dml.recipe.ingredient import Ingredient

#: What stands around a class's name.
WORDINGS = {
    "sentence": "This sentence is {name}",
    "about": "This text is about {name}.",
    "example": "An example of {name}.",
    "name": "{name}",
}

SPEC = Ingredient(
    name="label_texts",
    description="texts made of the classes' names, trained on like shots",
    hyperparameters={
        "copies": Hyperparameter(0, Int(0, 64), "of each class's; 0: none; SetFit for no shots at all: 8"),
        "wording": Hyperparameter(
            "sentence", Choice(tuple(WORDINGS)), "; ".join(f"{name}: '{text}'" for name, text in WORDINGS.items())
        ),
    },
    switch="copies",
)
