"""States of frozen layers: the same as running those layers, whoever asked before, and within the bound."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tune_dml.models import kept
from tune_dml.models.embedding import embed
from tune_dml.models.encoder import EncoderBundle, build_encoder
from tune_dml.models.kept import KeptStates, kept_states
from tune_dml.models.prefix import LayeredEncoder
from tune_dml.models.tokens import TokenArrays

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    kept._kept.clear()


def _states(encoder: LayeredEncoder, tokens: TokenArrays, max_length: int = 24) -> KeptStates:
    states = kept_states(encoder, "tiny", tokens, max_length, CPU, "float32")
    assert states is not None
    return states


@pytest.mark.parametrize("trained", [0, 1])
@pytest.mark.parametrize("max_length", [5, 24])
def test_embedding_from_kept_states_is_embedding_from_texts(
    tiny: EncoderBundle, tokens: TokenArrays, trained: int, max_length: int
) -> None:
    encoder = LayeredEncoder(build_encoder(tiny), trained)
    some = tokens.take(np.array([3, 0, 2]))
    again = some.take(np.array([2, 1]))
    for texts in (tokens, some, again):
        plain = embed(encoder, texts, "mean", max_length, CPU)
        fast = embed(encoder, texts, "mean", max_length, CPU, kept=_states(encoder, texts, max_length))
        np.testing.assert_allclose(fast, plain, atol=1e-5)
    assert len(kept._kept) == 1, "texts taken from a set use what is kept of the set"


def test_numbers_depend_on_no_other_text_that_was_asked_for(tiny: EncoderBundle, tokens: TokenArrays) -> None:
    encoder = LayeredEncoder(build_encoder(tiny), 1)
    rows = np.array([1])
    first = _states(encoder, tokens.take(rows))
    before = first.states[first.offsets[1] : first.offsets[2]].clone()
    kept._kept.clear()
    _states(encoder, tokens)
    later = _states(encoder, tokens.take(rows))
    assert torch.equal(later.states[later.offsets[1] : later.offsets[2]], before)


def test_trained_weights_do_not_change_what_is_kept(tiny: EncoderBundle, tokens: TokenArrays) -> None:
    encoder = LayeredEncoder(build_encoder(tiny), 1)
    before = _states(encoder, tokens).states.clone()
    with torch.no_grad():
        for parameter in encoder.parameters():
            if parameter.requires_grad:
                parameter.add_(1.0)
    assert torch.equal(_states(encoder, tokens).states, before)
    kept._kept.clear()
    assert torch.equal(_states(encoder, tokens).states, before)


def test_the_bound_is_kept(tiny: EncoderBundle, tokens: TokenArrays, monkeypatch: pytest.MonkeyPatch) -> None:
    deep, shallow = LayeredEncoder(build_encoder(tiny), 0), LayeredEncoder(build_encoder(tiny), 1)
    one = _states(deep, tokens).states.numel() * 4
    monkeypatch.setattr(kept, "KEPT_BYTES", one + 1)
    _states(shallow, tokens)
    assert [key.kept_below for key in kept._kept] == [shallow.kept_below]
    monkeypatch.setattr(kept, "KEPT_BYTES", one - 1)
    assert kept_states(deep, "tiny", tokens, 24, CPU, "float32") is None


def test_nothing_is_kept_where_all_layers_are_trained(tiny: EncoderBundle, tokens: TokenArrays) -> None:
    assert kept_states(LayeredEncoder(build_encoder(tiny), None), "tiny", tokens, 24, CPU, "float32") is None
    assert not kept._kept
