"""Sizes of encoders, by what is in them beside word embeddings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tune_dml.config import size_of
from tune_dml.models.encoder import load_bundle
from tune_dml.models.encoder_source import find_encoder


@pytest.mark.parametrize(
    ("millions", "size"), [(0.4, "small"), (11, "small"), (86, "base"), (304, "large"), (2_000, "large")]
)
def test_sizes(millions: float, size: str) -> None:
    assert size_of(int(millions * 1e6)) == size


def test_words_do_not_count() -> None:
    bundle = load_bundle(find_encoder("bert-tiny"))
    [(name, words)] = [(n, a) for n, a in bundle.state.items() if a.ndim == 2 and a.shape[0] == bundle.vocabulary]
    assert size_of(bundle.body) == "small"
    # As many as an encoder of a hundred languages has.
    many = {**bundle.state, name: np.zeros((1_000_000, words.shape[1]), dtype=np.float32)}
    large = replace(bundle, state=many, examined=replace(bundle.facts, vocabulary=1_000_000))
    assert large.parameters > 100_000_000
    assert size_of(large.body) == "small"
