"""An objective: vectors shall not be long either."""

from tune_dml.config import Float
from tune_dml.recipe import Hyperparameter, Ingredient


class ShortVectors:
    def __init__(self, weight, usual):
        self.weight, self.usual = weight, usual
        self.figures = (*usual.figures, "mean_length")

    def __getattr__(self, name):
        return getattr(self.usual, name)

    def __call__(self, batch):
        loss, figures = self.usual(batch)
        length = batch.vectors().norm(dim=1).mean()
        return loss + self.weight * length, {**figures, "mean_length": float(length.detach())}


SPEC = Ingredient(
    name="short_vectors",
    description="vectors shall not be long",
    hyperparameters={"weight": Hyperparameter(0.0, Float(0.0, 1.0, log=False), "of their mean length; 0: off")},
    switch="weight",
    objective=lambda values, usual, model, data: ShortVectors(values["weight"], usual),
)
