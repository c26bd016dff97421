"""From rows of the training examples to hidden states: a file for each way."""

from __future__ import annotations

from collections.abc import Callable

from tune_dml.models.tokens import TokenArrays
from tune_dml.training.inputs.fixed_texts import FixedTexts
from tune_dml.training.inputs.input import Input
from tune_dml.training.inputs.towers import towers
from tune_dml.training.model import Model

__all__ = ["INPUTS", "Input", "input_of"]

#: By pair encoding.
INPUTS: dict[str, Callable[[Model, TokenArrays], Input]] = {"joint": FixedTexts, "towers": towers}


def input_of(model: Model, tokens: TokenArrays) -> Input:
    """The training texts ``tokens`` as the encoder gets them, batch by batch."""
    return INPUTS[model.pair_encoding](model, tokens)
