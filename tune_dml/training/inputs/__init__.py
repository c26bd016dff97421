"""From rows of the training examples to hidden states: a file for each way."""

from __future__ import annotations

from collections.abc import Callable

from tune_dml.errors import ConfigurationError
from tune_dml.models.tokens import TokenArrays
from tune_dml.recipe import INGREDIENTS
from tune_dml.training.inputs.fixed_texts import FixedTexts
from tune_dml.training.inputs.input import Input
from tune_dml.training.inputs.towers import towers
from tune_dml.training.model import Model

__all__ = ["INPUTS", "Input", "input_of"]

#: By pair encoding.
INPUTS: dict[str, Callable[[Model, TokenArrays], Input]] = {"joint": FixedTexts, "towers": towers, "similarity": towers}


def input_of(model: Model, tokens: TokenArrays) -> Input:
    """The training texts ``tokens`` as the encoder gets them, batch by batch.

    Raises:
        ConfigurationError: several ingredients that are on have an input of their own.
    """
    own = [(name, values) for name, values in model.config.on().items() if INGREDIENTS[name].input is not None]
    if len(own) > 1:
        raise ConfigurationError(f"{' and '.join(name for name, _ in own)} cannot be on together; leave one out.")
    for name, values in own:
        build = INGREDIENTS[name].input
        assert build is not None
        found: Input = build(values, model, tokens)
        return found
    return INPUTS[model.pair_encoding](model, tokens)
