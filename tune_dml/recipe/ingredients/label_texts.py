"""Texts made of the classes' names, or that describe the classes, beside the shots: of them the encoder may know more
than of few examples."""

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
#: Texts that the user gives for each class, as they stand.
GIVEN = "given"
OFF = "none"
_READS = "; ".join(f"{name}: '{text}'" for name, text in WORDINGS.items())

SPEC = Ingredient(
    name="label_texts",
    description="texts made of the classes' names, beside the shots",
    hyperparameters={
        "wording": Hyperparameter(
            OFF, Choice((OFF, *WORDINGS, GIVEN)), f"{OFF}: off; {_READS}; {GIVEN}: those of --label-texts"
        ),
        "copies": Hyperparameter(8, Int(0, 64), "of each, trained on like shots; SetFit for no shots at all: 8"),
        "anchors": Hyperparameter(
            0, Int(0, 64), "as so many shots each counts, beside its copies, where classes are read by their mean"
        ),
    },
    switch="wording",
)
