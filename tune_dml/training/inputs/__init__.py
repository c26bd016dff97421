"""From rows of the training examples to hidden states: a file for each way."""

from __future__ import annotations

from collections.abc import Callable

from tune_dml.errors import ConfigurationError
from tune_dml.models.tokens import TokenArrays
from tune_dml.recipe import INGREDIENTS
from tune_dml.recipe.ingredient import Values
from tune_dml.training.inputs.drawn_templates import DrawnTemplates
from tune_dml.training.inputs.fixed_texts import FixedTexts
from tune_dml.training.inputs.input import Input
from tune_dml.training.inputs.towers import towers
from tune_dml.training.model import Model

__all__ = ["INPUTS", "Input", "input_of"]

#: By pair encoding.
INPUTS: dict[str, Callable[[Model, TokenArrays], Input]] = {"joint": FixedTexts, "towers": towers, "similarity": towers}
#: By ingredient, where one of our own has an input.
_OF_INGREDIENTS: dict[str, Callable[[Values, Model, TokenArrays], Input]] = {
    "prompts": lambda values, model, tokens: DrawnTemplates(model, tokens)
}


def input_of(model: Model, tokens: TokenArrays) -> Input:
    """The training texts ``tokens`` as the encoder gets them, batch by batch.

    Raises:
        ConfigurationError: several ingredients that are on have an input of their own.
    """
    on = model.config.on()
    builds = {name: _OF_INGREDIENTS.get(name, INGREDIENTS[name].input) for name in on}
    own = {name: build for name, build in builds.items() if build is not None}
    if len(own) > 1:
        raise ConfigurationError(f"{' and '.join(own)} cannot be on together; leave one out.")
    for name, build in own.items():
        found: Input = build(on[name], model, tokens)
        return found
    return INPUTS[model.pair_encoding](model, tokens)
