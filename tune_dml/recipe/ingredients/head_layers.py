"""What the cross-entropy head consists of."""

from __future__ import annotations

from tune_dml.config.domains import Choice
from tune_dml.recipe.hyperparameter import Hyperparameter
from tune_dml.recipe.ingredient import Ingredient

#: With the transform of the masked-LM head that the encoder was trained with in front, and classes that begin as words.
MASKED_LM, WORDS = "masked_lm", "words"

SPEC = Ingredient(
    name="head_layers",
    description="what the cross-entropy head consists of",
    hyperparameters={
        "kind": Hyperparameter(
            "linear",
            Choice(("linear", "mlp", MASKED_LM, WORDS)),
            "mlp: RoBERTa's, with a dense layer and tanh in front (Liu et al. 2019, arXiv 1907.11692); "
            f"{MASKED_LM}: the transform of the encoder's masked-LM head in front; {WORDS}: the same, and each "
            "class begins as a word of --words (Gao et al. 2021, arXiv 2012.15723); both learn at the encoder's rate",
        )
    },
    switch="kind",
    flat={"kind": "head"},
)
