"""What a recipe can ask for beyond losses and rates; all of it is off by default."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_task import Small
from torch import nn

from tune_dml.config import Value
from tune_dml.errors import ConfigurationError
from tune_dml.models.encoder import build_encoder
from tune_dml.models.head import ClassificationHead
from tune_dml.models.prefix import layers_of
from tune_dml.models.readouts import READOUT_SPECS, Trained, class_probabilities
from tune_dml.recipe import INGREDIENTS, Configuration, EncoderParts
from tune_dml.recipe.ingredients.plateau import Plateau
from tune_dml.recipe.ingredients.projection import make_projection
from tune_dml.training.examples import Examples
from tune_dml.training.fit import fit_once
from tune_dml.training.optimization import make_optimizer
from tune_dml.training.stage import Stage

SHORT = Configuration(loss="ce", epochs=3, batch_size=12, lr=1e-3)
#: What it takes to do nothing.
STILL = replace(SHORT, lr=0.0, head_lr=0.0, weight_decay=0.0, dropout=0.0)


def reinitialise(encoder: nn.Module) -> None:
    """Its top layer."""
    change = INGREDIENTS["reinitialisation"].on_encoder
    assert change is not None
    change({"layers": 1}, EncoderParts(encoder, layers_of(encoder), None, 1))


def probabilities(stage: Stage) -> np.ndarray:
    return stage.probabilities["first"]["head"]


@pytest.mark.parametrize(
    "change",
    [
        {"label_smoothing": 0.2},
        {"max_grad_norm": 0.0},
        {"layer_decay": 0.5},
        {"reinit_layers": 1},
        {"averaged_layers": 2},
        {"schedule": "constant"},
        {"dropout": 0.0},
        {"head": "mlp"},
    ],
)
def test_each_changes_what_is_learnt(small: Small, change: dict[str, Value]) -> None:
    changed = SHORT.changed(**change)
    assert np.abs(probabilities(small.fit(changed)) - probabilities(small.fit(SHORT))).max() > 1e-5


def test_smoothed_labels_and_balanced_classes_enter_cross_entropy(small: Small) -> None:
    labels = np.repeat([0, 1, 2], [24, 8, 4]).astype(np.int64)
    losses = {}
    for smoothing, weights in ((0.0, "equal"), (0.3, "equal"), (0.0, "balanced")):
        config = STILL.changed(epochs=1, batch_size=36, label_smoothing=smoothing, class_weights=weights)
        stage = fit_once(
            config, small.encoder, Examples(small.tokens, labels, "single", 3), {"first": small.tokens}, seed=0
        )
        losses[smoothing, weights] = stage.diagnostics["train_loss"]
        # Nothing has moved: these are the probabilities that the loss was taken of.
        log = np.log(stage.probabilities["first"]["head"])
    own = -log[np.arange(36), labels]
    weight = (36 / (3 * np.bincount(labels)))[labels]
    assert losses[0.0, "equal"] == pytest.approx(own.mean(), rel=1e-4)
    assert losses[0.3, "equal"] == pytest.approx(0.7 * own.mean() - 0.3 * log.mean(), rel=1e-4)
    assert losses[0.0, "balanced"] == pytest.approx((weight * own).sum() / weight.sum(), rel=1e-4)


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_the_head_s_read_out_is_the_head(small: Small, kind: str) -> None:
    torch.manual_seed(0)
    head = ClassificationHead(kind, 5, 3, dropout=0.5)
    embeddings = torch.randn(4, 5)
    own = {name: tensor.numpy() for name, tensor in head.state_dict().items()}
    trained = Trained(SHORT, "single", 3, embeddings.numpy(), np.zeros(4, dtype=np.int64), own, {}, None)
    spec = READOUT_SPECS["head"]
    expected = head.eval()(embeddings).softmax(dim=1).detach().numpy()
    assert spec.probabilities(spec.fit(trained), embeddings.numpy()) == pytest.approx(expected, abs=1e-6)
    stage = small.fit(SHORT.changed(head=kind, epochs=20))
    assert (probabilities(stage).argmax(axis=1) == small.labels[:6]).mean() > 0.8


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_the_metric_loss_sees_the_projection_and_read_outs_do_not(small: Small, kind: str) -> None:
    config = replace(SHORT, loss="softtriple", loss_params={"centers": 2}, beta=0.5).changed(
        projection=kind, projection_size=5
    )
    stage = small.fit(config)
    assert stage.readouts["centroid"].arrays["centroids"].shape == (3, 128)
    assert not {"proxies", "head+proxies"} & set(stage.readouts)
    assert {"proxies", "head+proxies"} <= set(small.fit(config.changed(projection="none")).readouts)
    assert np.abs(probabilities(stage) - probabilities(small.fit(config.changed(projection_size=6)))).max() > 1e-5


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_a_projection_that_is_kept_is_part_of_every_read_out(small: Small, kind: str) -> None:
    config = replace(SHORT, loss="softtriple", loss_params={"centers": 2}, beta=0.5, epochs=10).changed(
        keep_projection=True
    )
    stage = small.fit(config.changed(projection=kind, projection_size=5))
    assert stage.readouts["centroid"].arrays["centroids"].shape == (3, 5)
    assert {"proxies", "head+proxies"} <= set(stage.readouts)
    first = small.tokens.take(np.arange(6))
    for readout in ("logistic", "proxies", "knn"):
        assert (stage.probabilities["first"][readout].argmax(axis=1) == small.labels[: len(first)]).mean() > 0.8
    projection = make_projection(kind, 128, 5)
    assert projection is not None
    arrays = stage.readouts["head"].arrays
    projection.load_state_dict(
        {n.removeprefix("projection."): torch.tensor(a) for n, a in arrays.items() if n.startswith("projection.")}
    )
    embeddings = torch.randn(4, 128)
    logits = projection(embeddings) @ torch.tensor(arrays["weight"]).T + torch.tensor(arrays["bias"])
    expected = logits.softmax(dim=1).detach().numpy()
    assert class_probabilities(stage.readouts["head"], embeddings.numpy()) == pytest.approx(expected, abs=1e-5)


def test_a_temperature_changes_the_chosen_read_out_and_no_class(small: Small) -> None:
    plain, warm = small.fit(SHORT), small.fit(replace(SHORT, readout="head", temperature=3.0))
    logits = np.log(probabilities(plain)) / 3
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert probabilities(warm) == pytest.approx(expected, abs=1e-5)
    assert warm.readouts["head"].values["temperature"] == 3.0
    for readout, others in plain.probabilities["first"].items():
        assert (readout == "head") != np.array_equal(warm.probabilities["first"][readout], others)


def test_a_projection_is_trained() -> None:
    torch.manual_seed(0)
    assert make_projection("none", 8, 5) is None
    projection = make_projection("mlp", 8, 5)
    assert projection is not None
    assert projection(torch.randn(3, 8)).shape == (3, 5)
    optimizer = make_optimizer(Configuration(head_lr=0.02), torch.nn.Linear(2, 2), [projection], None)
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    assert {rates[id(p)] for p in projection.parameters()} == {0.02}


def test_balanced_classes_count_alike_even_where_one_does_not_occur(small: Small) -> None:
    config, labels = SHORT.changed(class_weights="balanced"), np.arange(36, dtype=np.int64) % 2
    stage = fit_once(
        config, small.encoder, Examples(small.tokens, labels, "single", 3), {"first": small.tokens}, seed=0
    )
    assert np.isfinite(probabilities(stage)).all()


def test_rates_fall_from_layer_to_layer(small: Small) -> None:
    encoder = build_encoder(small.encoder)
    layers = layers_of(encoder)
    assert layers is not None
    assert len(layers) == 2
    optimizer = make_optimizer(Configuration(lr=1e-4).changed(layer_decay=0.5), encoder, [], None)
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    assert set(rates) == {id(p) for p in encoder.parameters()}
    expected = ((layers[1], 1e-4), (layers[0], 5e-5), (encoder.embeddings, 2.5e-5))
    for module, rate in expected:
        assert {rates[id(p)] for p in module.parameters()} == {rate}  # type: ignore[union-attr]


def test_top_layers_start_from_random_weights_and_the_kept_copy_stays_whole(small: Small) -> None:
    before, encoder = build_encoder(small.encoder), build_encoder(small.encoder)
    torch.manual_seed(0)
    reinitialise(encoder)
    for name, value in before.state_dict().items():
        # Biases and norms of bert-tiny are trained ones: no value of the layer is left as it was.
        assert torch.equal(value, encoder.state_dict()[name]) == ("layer.1." not in name), name
    weight = encoder.state_dict()["encoder.layer.1.output.dense.weight"]
    assert weight.std().item() == pytest.approx(0.02, rel=0.1)
    again = build_encoder(small.encoder).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in before.state_dict().items())


def test_frozen_layers_are_never_random(small: Small) -> None:
    one = SHORT.changed(trainable_layers=1, reinit_layers=1)
    assert np.array_equal(probabilities(small.fit(one)), probabilities(small.fit(one.changed(reinit_layers=2))))


def test_layers_that_cannot_be_told_apart_are_refused() -> None:
    encoder = torch.nn.Linear(2, 2)
    with pytest.raises(ConfigurationError, match="set reinit_layers to 0"):
        reinitialise(encoder)
    with pytest.raises(ConfigurationError, match="set layer_decay to 1"):
        make_optimizer(Configuration().changed(layer_decay=0.9), encoder, [], None)


@pytest.mark.parametrize("trained", [None, 1, 0])
def test_a_lower_layer_is_trained_read_and_kept(small: Small, trained: int | None) -> None:
    config = SHORT.changed(layer=1, trainable_layers=trained)
    assert np.abs(probabilities(small.fit(config)) - probabilities(small.fit(config.changed(layer=None)))).max() > 1e-5
    stage = fit_once(
        config, small.encoder, Examples(small.tokens, small.labels, "single", 3), {}, seed=0, keep_encoder=True
    )
    assert stage.encoder_state is not None
    assert set(stage.encoder_state) == set(small.encoder.up_to(1).state)


def test_a_run_whose_loss_stands_still_ends_early(small: Small) -> None:
    config = replace(STILL, epochs=40, batch_size=36)
    assert small.fit(config).diagnostics["steps"] == 40
    assert small.fit(config.changed(patience=3)).diagnostics["steps"] == 4
    learning = SHORT.changed(epochs=6, patience=3)
    assert small.fit(learning).diagnostics["steps"] == 6 * 3


def test_plateau() -> None:
    plateau = Plateau(2)
    reached = [plateau(loss) for loss in (1.0, 0.8, 0.799, 0.7, 0.7, 0.699)]
    assert reached == [False, False, False, False, False, True]
