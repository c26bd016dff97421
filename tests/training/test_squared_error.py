"""Training on numbers: what is learnt, and how it is read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_task import Small

from tune_dml.errors import ConfigurationError
from tune_dml.losses import LOSSES, check
from tune_dml.models.encoder import load_tokenizer
from tune_dml.models.readouts import FittedReadout, class_probabilities
from tune_dml.models.representation import combined, width
from tune_dml.models.tokens import tokenize
from tune_dml.recipe import Configuration, configuration_from
from tune_dml.training.examples import Examples
from tune_dml.training.fit import fit_once
from tune_dml.training.model import Model
from tune_dml.training.objectives import Seen
from tune_dml.training.objectives.squared_error import SquaredError

MSE = Configuration(loss="mse", lr=5e-4, epochs=12)


def _numbers(small: Small) -> Examples:
    """Films get 8, dull ones 2, news 5, and a little beside."""
    numbers = np.array([8.0, 2.0, 5.0])[small.labels] + np.linspace(-0.3, 0.3, len(small.labels))
    return Examples(small.tokens, numbers, "regression", 1)


def _pairs(small: Small) -> Examples:
    texts = ["the film shines", "the film is dull", "this play fails", "her novel shines"] * 5
    others = ["this play shines", "the film shines", "the second act fails", "the film opens in ten cinemas"] * 5
    tokens = tokenize(load_tokenizer(small.folder), texts, others, 24)
    return Examples(tokens, np.array([5.0, 1.0, 4.0, 2.0] * 5), "similarity", 1)


def test_numbers_are_learnt(small: Small) -> None:
    data = _numbers(small)
    stage = fit_once(MSE, small.encoder, data, {"all": data.tokens}, seed=0)
    assert set(stage.readouts) == {"ridge", "number_head"}
    for name, outputs in stage.probabilities["all"].items():
        assert outputs.shape == (len(data), 1)
        assert np.corrcoef(outputs[:, 0], data.targets)[0, 1] > 0.9, name
        # In the targets' own unit.
        assert abs(outputs.mean() - data.targets.mean()) < 0.5, name


@pytest.mark.parametrize("loss", ["supcon", "proxy_anchor", "triplet", "softtriple"])
def test_metric_losses_see_five_parts(small: Small, loss: str) -> None:
    data = _numbers(small)
    config = configuration_from({"loss": loss, "lr": 5e-4, "epochs": 2, "beta": 0.5})
    stage = fit_once(config, small.encoder, data, {"all": data.tokens}, seed=0)
    assert np.isfinite(stage.probabilities["all"]["ridge"]).all()
    config = check(config)
    model = Model(config, small.encoder, 0, torch.device("cpu"), "float32")
    seen = []
    objective = SquaredError(config, model, data)
    objective.loss = lambda vectors, parts: seen.append(parts) or vectors.sum() * 0
    vectors = torch.randn(len(data), model.width)
    targets = torch.from_numpy(data.targets)
    objective(Seen(lambda: vectors, lambda: (vectors, targets), targets))
    assert torch.equal(seen[0], torch.from_numpy(data.strata))
    assert int(seen[0].max()) == 4


def test_the_head_is_read_in_the_targets_unit(small: Small) -> None:
    data = _numbers(small)
    config = replace(MSE, dropout=0.0)
    model = Model(config, small.encoder, 0, torch.device("cpu"), "float32")
    objective = SquaredError(config, model, data)
    vectors = torch.randn(6, model.width)
    state = objective.head_state()
    said = class_probabilities(FittedReadout("number_head", dict(state)), vectors.numpy())
    [head] = objective.heads
    wanted = head(vectors)[:, 0].detach().numpy() * data.targets.std() + data.targets.mean()
    assert np.allclose(said[:, 0], wanted, atol=1e-4)
    # Its loss is that of numbers of mean 0 and standard deviation 1.
    targets = torch.from_numpy(data.targets[:6])
    loss, _ = objective(Seen(lambda: vectors, lambda: (vectors, targets), targets))
    error = (head(vectors)[:, 0] - (targets - data.targets.mean()) / data.targets.std()).square().mean()
    assert loss.item() == pytest.approx(error.item(), rel=1e-5)


def test_the_cosine_of_a_pair_learns_by_itself(small: Small) -> None:
    data = _pairs(small)
    config = configuration_from({**MSE.to_dict(), "pair_encoding": "similarity"})
    model = Model(config, small.encoder, 0, torch.device("cpu"), "float32")
    objective = SquaredError(config, model, data)
    assert not objective.heads
    vectors = torch.zeros(2, model.width)
    vectors[:, -1] = torch.tensor([1.0, 0.5])
    targets = torch.tensor([5.0, 1.0], dtype=torch.float64)
    loss, _ = objective(Seen(lambda: vectors, lambda: (vectors, targets), targets))
    assert loss.item() == pytest.approx((0.0**2 + 0.5**2) / 2)
    stage = fit_once(config, small.encoder, data, {"all": data.tokens}, seed=0)
    assert set(stage.readouts) == {"similarity", "ridge"}
    assert np.corrcoef(stage.probabilities["all"]["similarity"][:, 0], data.targets)[0, 1] > 0.9


def test_the_untouched_cosine_keeps_its_order(small: Small) -> None:
    data = _pairs(small)
    config = configuration_from({"loss": "mse", "epochs": 0, "trainable_layers": 0, "pair_encoding": "similarity"})
    stage = fit_once(config, small.encoder, data, {"all": data.tokens}, seed=0)
    model = Model(config, small.encoder, 0, torch.device("cpu"), "float32")
    vectors = model.embed(model.prepared(data.tokens))
    assert vectors.shape[1] == width(small.encoder.dimension, "similarity") == 2 * small.encoder.dimension + 1
    order = np.argsort(stage.probabilities["all"]["similarity"][:, 0], kind="stable")
    assert np.all(np.diff(vectors[order, -1]) >= -1e-6)


def test_a_pair_s_vector_ends_with_its_cosine() -> None:
    vectors = torch.randn(6, 5)
    found = combined(vectors, "similarity")
    assert torch.equal(found[:, :-1], combined(vectors, "towers"))
    assert torch.allclose(found[:, -1], torch.cosine_similarity(vectors[0::2], vectors[1::2]))


@pytest.mark.parametrize(
    "values",
    [{"class_weights": "balanced"}, {"label_smoothing": 0.1}, {"projection": "linear", "keep_projection": True}],
)
def test_what_is_about_classes_is_refused(small: Small, values: dict[str, object]) -> None:
    data = _numbers(small)
    config = configuration_from({**MSE.to_dict(), **values})
    with pytest.raises(ConfigurationError, match="labels are numbers"):
        fit_once(config, small.encoder, data, {}, seed=0)


def test_every_loss_can_be_had(small: Small) -> None:
    data = _numbers(small)
    for loss in LOSSES:
        if loss != "ce":
            config = configuration_from({"loss": loss, "lr": 1e-4, "epochs": 1, "beta": 0.5})
            stage = fit_once(config, small.encoder, data, {"all": data.tokens}, seed=0)
            assert np.isfinite(stage.probabilities["all"]["ridge"]).all(), loss
