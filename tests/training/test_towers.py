"""Pairs whose texts are encoded apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_task import Small, Spy
from torch import Tensor, nn

from tune_dml.config import Value
from tune_dml.errors import ConfigurationError
from tune_dml.losses import LOSSES
from tune_dml.models.encoder import build_encoder, load_tokenizer
from tune_dml.models.prefix import LayeredEncoder
from tune_dml.models.representation import pool
from tune_dml.models.tokens import TokenArrays, both, tokenize
from tune_dml.recipe import Configuration
from tune_dml.training import fit as fit_module
from tune_dml.training.examples import Examples
from tune_dml.training.fit import fit_once
from tune_dml.training.gradients import Gradients
from tune_dml.training.stage import Stage

TOWERS = Configuration(loss="supcon", beta=0.5, epochs=2, batch_size=12, lr=1e-3).changed(pair_encoding="towers")
STILL = replace(TOWERS, epochs=1, lr=0.0, head_lr=0.0, dropout=0.0, batch_size=24)
FIRST = ["the film", "a play that bored everyone", "her novel", "it"]
SECOND = ["is a delight", "shines", "opens in ten cinemas on friday"]
#: 24 pairs; the class is whether the second text is long.
PAIRS = [(a, b) for a in FIRST for b in (*SECOND, *SECOND)]
LABELS = np.array([int(len(b) > 12) for _, b in PAIRS], dtype=np.int64)


@pytest.fixture(scope="module")
def pairs(small: Small) -> TokenArrays:
    return tokenize(load_tokenizer(small.folder), [a for a, _ in PAIRS], [b for _, b in PAIRS], 24)


def train(small: Small, pairs: TokenArrays, config: Configuration, stages: int = 1) -> Stage:
    scored = {"first": pairs.take(np.arange(6))}
    return fit_once(config, small.encoder, Examples(pairs, LABELS, "single", 2), scored, seed=0, keep_encoder=True)


def alone(small: Small, text: str, trained: int | None = None) -> Tensor:
    encoder = LayeredEncoder(build_encoder(small.encoder), trained).eval()
    batch = small.tokenized([text]).batch(np.array([0]), torch.device("cpu"))
    with torch.no_grad():
        return pool(encoder(batch), batch.mask, "mean")[0]


def test_texts_of_pairs_are_kept_apart_too(small: Small, pairs: TokenArrays) -> None:
    assert pairs.towers is not None
    assert len(pairs.towers) == 2 * len(pairs)
    rows = np.array([5, 0])
    taken = pairs.take(rows)
    assert taken.towers is not None
    for towers, places in ((pairs.towers, both(rows)), (taken.towers, np.arange(4))):
        texts = [towers.ids[towers.offsets[i] : towers.offsets[i + 1]].tolist() for i in places]
        expected = [small.tokenized([text]).ids.tolist() for row in rows for text in PAIRS[row]]
        assert texts == expected
    assert small.tokens.towers is None


@pytest.mark.parametrize("trained", [None, 1])
def test_the_loss_sees_what_the_texts_give_apart(
    small: Small, pairs: TokenArrays, monkeypatch: pytest.MonkeyPatch, trained: int | None
) -> None:
    seen: list[tuple[Tensor, Tensor]] = []
    monkeypatch.setitem(LOSSES, "supcon", replace(LOSSES["supcon"], build=lambda *_: Spy(seen)))
    stage = train(small, pairs, replace(STILL, trainable_layers=trained))
    [(vectors, labels)] = seen
    towers = [(alone(small, a), alone(small, b)) for a, b in PAIRS]
    expected = torch.stack([torch.cat([(u - v).abs(), u * v]) for u, v in towers])
    exactly = {"compute_mode": "donot_use_mm_for_euclid_dist"}
    nearest = torch.cdist(vectors, expected, **exactly).min(dim=1)
    assert nearest.values.max() < 1e-3
    assert torch.equal(labels, torch.from_numpy(LABELS)[nearest.indices])
    # What read-outs are fitted to: the same, in the order of the examples.
    assert stage.readouts["knn"].arrays["vectors"] == pytest.approx(
        nn.functional.normalize(expected, dim=1).numpy(), abs=1e-4
    )


@pytest.mark.parametrize("change", [{}, {"trainable_layers": 1}, {"loss": "softtriple"}, {"projection": "mlp"}])
def test_towers_learn(small: Small, pairs: TokenArrays, change: dict[str, Value]) -> None:
    config = TOWERS.changed(epochs=15, **change)
    stage = train(small, pairs, config)
    assert (stage.probabilities["first"]["logistic"].argmax(axis=1) == LABELS[:6]).all()
    joint = train(small, pairs, config.changed(pair_encoding="joint"))
    assert joint.readouts["centroid"].arrays["centroids"].shape[1] * 2 == 256
    assert stage.readouts["centroid"].arrays["centroids"].shape[1] == 256


def test_parts_of_a_batch_give_the_gradients_of_the_whole(
    small: Small, pairs: TokenArrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(small, pairs, replace(TOWERS, dropout=0.0))

    class InFives(Gradients):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # type: ignore[arg-type]
            self.micro_batch = 5

    monkeypatch.setattr(fit_module, "Gradients", InFives)
    parts = train(small, pairs, replace(TOWERS, dropout=0.0))
    assert parts.diagnostics["micro_batch"] == 5
    for readout, expected in whole.probabilities["first"].items():
        assert parts.probabilities["first"][readout] == pytest.approx(expected, abs=2e-3), readout


def test_single_texts_and_tokens_have_no_towers(small: Small, pairs: TokenArrays) -> None:
    with pytest.raises(ConfigurationError, match="this task has single texts; take 'joint'"):
        small.fit(TOWERS)
    with pytest.raises(ConfigurationError, match="does not go with the representation 'tokens'"):
        train(small, pairs, replace(TOWERS, representation="tokens"))
