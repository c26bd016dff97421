from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from small_task import Small

from tune_dml.models.tokens import TokenArrays
from tune_dml.recipe import Configuration
from tune_dml.training.inputs.fixed_texts import FixedTexts, cheapest_parts
from tune_dml.training.micro_batches import end_to_end
from tune_dml.training.model import Model


def model_of(small: Small, trainable_layers: int | None = None, device: str = "cpu") -> Model:
    config = Configuration(max_length=24, trainable_layers=trainable_layers)
    return Model(config, small.encoder, 0, torch.device(device), "float32")


@pytest.mark.parametrize("trainable_layers", [None, 1])
def test_parts_give_what_the_whole_batch_gives(small: Small, trainable_layers: int | None) -> None:
    # A pass that costs nothing parts the texts by every length there is.
    model = model_of(small, trainable_layers)
    encoder = model.encoder.eval()
    inputs, lengths = FixedTexts(model, small.tokens), small.tokens.lengths
    rows = np.random.default_rng(0).permutation(36)
    ordered = rows[np.argsort(lengths[rows], kind="stable")]
    parts = [ordered[start:end] for start, end in cheapest_parts(lengths[ordered], 0)]
    assert len(parts) == len(np.unique(lengths))
    with torch.no_grad():
        hidden, mask = end_to_end([inputs.hidden(rows) for rows in parts])
        batch = small.tokens.batch(ordered, torch.device("cpu"))
        whole = encoder(batch)
    assert torch.equal(mask, batch.mask)
    assert float(((hidden - whole) * mask[..., None]).abs().max()) < 1e-5


@pytest.mark.parametrize("per_part", [0, 5, 40, 1000])
def test_the_cheapest_parts_are_the_cheapest(per_part: int) -> None:
    lengths = np.sort(np.random.default_rng(per_part).integers(4, 40, size=9))

    def cost(bounds: tuple[int, ...]) -> int:
        return sum((end - start) * int(lengths[end - 1]) + per_part for start, end in itertools.pairwise(bounds))

    every = (
        (0, *cuts, len(lengths))
        for count in range(len(lengths))
        for cuts in itertools.combinations(range(1, len(lengths)), count)
    )
    parts = cheapest_parts(lengths, per_part)
    assert cost((0, *(end for _, end in parts))) == min(cost(bounds) for bounds in every)
    assert [start for start, _ in parts] == [0, *(end for _, end in parts[:-1])]


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_where_padding_costs_little_the_batch_stays_in_one_piece(small: Small, device: str) -> None:
    rows = np.arange(36)
    [alone] = FixedTexts(model_of(small, device=device), small.tokens).parts(rows)
    assert sorted(alone) == list(rows)
    assert len(alone) == 36


def test_padding_that_an_encoder_computes_is_saved_by_parting_a_batch(small: Small) -> None:
    model = model_of(small)
    model.encoder.encoder.config._attn_implementation = "eager"
    long, short = small.tokenized(["a b c d e f g h i j k l m n o p q r s t"] * 8), small.tokenized(["a"] * 30)
    both = TokenArrays(
        np.concatenate([long.ids, short.ids]),
        np.concatenate([long.offsets, long.offsets[-1] + short.offsets[1:]]),
        None,
        long.pad_id,
    )
    parts = FixedTexts(model, both).parts(np.arange(38))
    assert [len(part) for part in parts] == [30, 8]
