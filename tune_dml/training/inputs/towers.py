"""Pairs of texts, each of which the encoder sees by itself (Conneau et al. 2017, arXiv 1705.02364)."""

from __future__ import annotations

from functools import partial

from tune_dml.models.representation import combined
from tune_dml.models.tokens import TokenArrays, both
from tune_dml.training.inputs.fixed_texts import FixedTexts
from tune_dml.training.model import Model


def towers(model: Model, tokens: TokenArrays) -> FixedTexts:
    """An example is two texts, one after the other; its vector is ``|u - v|`` and ``u * v`` end to end, and perhaps
    their cosine."""
    return FixedTexts(
        model, tokens, each=2, texts_of=both, combine=partial(combined, pair_encoding=model.pair_encoding)
    )
