"""An ingredient: noise on the hidden states in training (Jain et al. 2023, arXiv 2310.05914, on embeddings)."""

from tune_dml.config import Float
from tune_dml.recipe import Hyperparameter, Ingredient


def _noisy(values, hidden, mask):
    return hidden + (hidden.new_empty(hidden.shape).uniform_(-1, 1) * values["scale"])


SPEC = Ingredient(
    name="noise",
    description="noise on the hidden states in training",
    hyperparameters={"scale": Hyperparameter(0.0, Float(0.0, 1.0), "of the noise; 0: none")},
    switch="scale",
    on_hidden=_noisy,
)
