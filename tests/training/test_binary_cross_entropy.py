"""Texts with any number of labels: what training minimises, and the read-outs that follow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from small_task import Small
from torch import nn

from tune_dml.data.kinds import MULTILABEL
from tune_dml.errors import ConfigurationError
from tune_dml.models.readouts import READOUT_SPECS, FittedReadout, class_probabilities
from tune_dml.models.readouts.readout_spec import unit
from tune_dml.recipe import Configuration
from tune_dml.training.examples import Examples
from tune_dml.training.fit import fit_once

CONFIG = Configuration(loss="ce", epochs=30, lr=1e-3, max_length=24)


def examples(small: Small) -> Examples:
    """Of three classes: the first has label 0, the second 0 and 1, the third none; label 2 never occurs."""
    labels = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0]])[small.labels]
    return Examples(small.tokens, labels, "multilabel", 3)


def test_what_is_trained_on_is_learnt(small: Small) -> None:
    data = examples(small)
    stage = fit_once(CONFIG, small.encoder, data, {"all": small.tokens}, seed=0)
    assert list(stage.probabilities["all"]) == list(MULTILABEL.target.readouts)
    for readout in ("one_vs_rest", "sigmoid_head"):
        p = stage.probabilities["all"][readout]
        assert p.shape == (36, 3)
        assert ((p > 0.5) == (data.targets > 0)).mean() > 0.95, readout
    again = fit_once(CONFIG, small.encoder, data, {"all": small.tokens}, seed=0)
    np.testing.assert_array_equal(
        again.probabilities["all"]["sigmoid_head"], stage.probabilities["all"]["sigmoid_head"]
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_pytorch_s(small: Small, smoothing: float) -> None:
    config = replace(CONFIG, epochs=1, batch_size=36, lr=0.0, head_lr=0.0, dropout=0.0).changed(
        label_smoothing=smoothing
    )
    data = examples(small)
    stage = fit_once(config, small.encoder, data, {"all": small.tokens}, seed=0)
    # Nothing has moved: these are the probabilities that the loss was taken of.
    p = torch.tensor(stage.probabilities["all"]["sigmoid_head"], dtype=torch.float64)
    wanted = torch.tensor(data.targets, dtype=torch.float64) * (1 - smoothing) + smoothing / 2
    expected = nn.functional.binary_cross_entropy(p, wanted)
    assert stage.diagnostics["train_loss"] == pytest.approx(float(expected), abs=1e-4)


@pytest.mark.parametrize("ingredient", [{"class_weights": "balanced"}, {"projection": "linear"}])
def test_what_it_has_no_use_for_is_refused(small: Small, ingredient: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="cannot be had with several labels"):
        fit_once(CONFIG.changed(**ingredient), small.encoder, examples(small), {}, seed=0)


def test_the_probe_and_labels_that_all_or_none_have(small: Small) -> None:
    data = examples(small)
    probe = replace(CONFIG, epochs=0, trainable_layers=0)
    stage = fit_once(probe, small.encoder, data, {"all": small.tokens}, seed=0)
    assert "sigmoid_head" not in stage.probabilities["all"]
    assert (stage.probabilities["all"]["one_vs_rest"][:, 2] < 1e-4).all()


def test_a_label_s_own_is_scikit_learn_s() -> None:
    rng = np.random.default_rng(0)
    vectors, labels = rng.normal(size=(60, 8)).astype(np.float32), rng.integers(2, size=(60, 2))
    coefficients, intercepts = np.zeros((2, 8), dtype=np.float32), np.zeros(2, dtype=np.float32)
    expected = []
    for i in range(2):
        model = LogisticRegression(C=1.0, max_iter=1000).fit(unit(vectors), labels[:, i])
        coefficients[i], intercepts[i] = model.coef_[0], model.intercept_[0]
        expected.append(model.predict_proba(unit(vectors))[:, 1])
    fitted = FittedReadout("one_vs_rest:C=1", {"coefficients": coefficients, "intercepts": intercepts})
    np.testing.assert_allclose(class_probabilities(fitted, vectors), np.stack(expected, axis=1), atol=1e-5)
    tempered = READOUT_SPECS["one_vs_rest"].tempered
    assert tempered is not None
    p = np.array([[0.2, 0.5, 0.9]], dtype=np.float32)
    odds = p / (1 - p)
    np.testing.assert_allclose(tempered(p, 2.0), np.sqrt(odds) / (1 + np.sqrt(odds)), atol=1e-6)
    np.testing.assert_array_equal(tempered(p, 1.0), p)
