"""An input: in each step, other words of a text are hidden from the encoder."""

import torch

from tune_dml.config import Float
from tune_dml.recipe import Hyperparameter, Ingredient
from tune_dml.training.inputs.fixed_texts import FixedTexts


class DroppedWords(FixedTexts):
    def __init__(self, share, model, tokens):
        super().__init__(model, tokens)
        self.share = share

    def hidden(self, rows):
        states, mask = super().hidden(rows)
        kept = torch.rand(mask.shape, device=mask.device) >= self.share
        # The first token always stays, so that no text is empty.
        kept[:, 0] = True
        return states, mask * kept


SPEC = Ingredient(
    name="dropped_words",
    description="other words of a text are hidden in each step",
    hyperparameters={"share": Hyperparameter(0.0, Float(0.0, 0.9), "of the words; 0: none")},
    switch="share",
    input=lambda values, model, tokens: DroppedWords(values["share"], model, tokens),
)
