"""What every read-out must do."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from tune_dml.data import KINDS
from tune_dml.losses import LOSSES, check
from tune_dml.models.readouts import READOUT_SPECS, AnchorVectors, FittedReadout, Trained
from tune_dml.models.readouts.readout_spec import softmax, unit
from tune_dml.recipe import READOUTS, Configuration

DIMENSION, CLASSES = 8, 3
WITH_PROXIES = [name for name, spec in LOSSES.items() if spec.logits is not None]
MEANS = 4.0 * np.eye(DIMENSION)[:CLASSES]


def texts(labels: list[int], seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(len(labels), DIMENSION))
    return (MEANS[labels] + noise).astype(np.float32)


def trained(labels: list[int], loss: str = "softtriple", c: float | None = 10.0, classes: int = CLASSES) -> Trained:
    config = check(Configuration(loss=loss, beta=0.3))
    spec = LOSSES[loss]
    state = {}
    if spec.build is not None:
        module = spec.build(classes, DIMENSION, config.loss_params)
        state = {k: v.numpy().copy() for k, v in module.state_dict().items()}
        means = np.zeros((classes, DIMENSION), dtype=np.float32)
        means[: len(MEANS)] = MEANS[:classes]
        if loss == "softtriple":
            state["fc"] = np.repeat(means, int(config.loss_params["centers"]), axis=0).T.copy()  # type: ignore[arg-type]
        elif loss == "subcenter_arcface":
            state["W"] = np.repeat(means, int(config.loss_params["centers"]), axis=0).T.copy()  # type: ignore[arg-type]
        elif "W" in state:
            state["W"] = means.T.copy()
        elif "proxies" in state:
            state["proxies"] = means
    head = {"weight": np.eye(classes, DIMENSION, dtype=np.float32), "bias": np.zeros(classes, dtype=np.float32)}
    return Trained(config, "single", classes, texts(labels, 0), np.array(labels), head, state, c)


BALANCED = [0, 1, 2] * 8
CASES = [(name, "softtriple") for name in READOUTS] + [("proxies", name) for name in WITH_PROXIES]


def test_registry_is_what_configurations_may_name() -> None:
    assert set(READOUT_SPECS) == {*READOUTS, *(name for kind in KINDS.values() for name in kind.target.readouts)}
    assert all(name == spec.name and spec.description for name, spec in READOUT_SPECS.items())


@pytest.mark.parametrize(("name", "loss"), CASES)
def test_probabilities(name: str, loss: str) -> None:
    run = trained(BALANCED, loss)
    spec = READOUT_SPECS[name]
    assert spec.available(run)
    labels = [0, 1, 2, 2, 1, 0] * 20
    p = spec.probabilities(spec.fit(run), texts(labels, 1))
    assert p.shape == (len(labels), CLASSES)
    assert p.dtype == np.float32
    assert np.all(p >= 0)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-5)
    assert (p.argmax(axis=1) == np.array(labels)).mean() > 0.8


@pytest.mark.parametrize(("name", "loss"), CASES)
def test_saved_and_loaded(name: str, loss: str, tmp_path: Path) -> None:
    spec = READOUT_SPECS[name]
    fitted = spec.fit(trained(BALANCED, loss))
    save_file({k: np.ascontiguousarray(v) for k, v in fitted.arrays.items()}, tmp_path / "r.safetensors")
    loaded = FittedReadout(name, load_file(tmp_path / "r.safetensors"), dict(fitted.values))
    x = texts(BALANCED, 1)
    np.testing.assert_array_equal(spec.probabilities(loaded, x), spec.probabilities(fitted, x))


@pytest.mark.parametrize("labels", [[0, 2, 2, 0, 0, 2], [1, 1, 1], [2], [0, 1, 2], [1, 2, 2, 2]])
@pytest.mark.parametrize("c", [10.0, None])
@pytest.mark.parametrize("name", READOUTS)
def test_missing_classes_single_examples_and_a_single_class(name: str, c: float | None, labels: list[int]) -> None:
    spec = READOUT_SPECS[name]
    x = texts([0, 1, 2], 1)
    p = spec.probabilities(spec.fit(trained(labels, c=c)), x)
    assert p.shape == (3, CLASSES)
    assert np.isfinite(p).all()
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-5)
    if name in ("logistic", "knn", "centroid"):
        seen = p[sorted(set(labels))]
        assert set(seen.argmax(axis=1)) <= set(labels)


@pytest.mark.parametrize("name", READOUTS)
def test_no_texts_and_zero_vectors(name: str) -> None:
    spec = READOUT_SPECS[name]
    fitted = spec.fit(trained(BALANCED))
    assert spec.probabilities(fitted, np.empty((0, DIMENSION), dtype=np.float32)).shape == (0, CLASSES)
    assert np.isfinite(spec.probabilities(fitted, np.zeros((2, DIMENSION), dtype=np.float32))).all()


@pytest.mark.parametrize("c", [10.0, None])
def test_logistic_is_scikit_learns(c: float | None) -> None:
    from sklearn.linear_model import LogisticRegression

    for labels in (BALANCED, [0, 1] * 10):
        run = trained(labels, c=c, classes=len(set(labels)))
        fitted = READOUT_SPECS["logistic"].fit(run)
        model = LogisticRegression(C=float(fitted.values["c"]), max_iter=1000)  # type: ignore[arg-type]
        model.fit(unit(run.embeddings), run.targets)
        x = texts(BALANCED, 1)
        np.testing.assert_allclose(
            READOUT_SPECS["logistic"].probabilities(fitted, x), model.predict_proba(unit(x)), atol=1e-5
        )


def test_head_and_proxies_are_mixed_by_beta() -> None:
    run = trained(BALANCED)
    x = texts(BALANCED, 1)
    head, proxies, mixed = (
        READOUT_SPECS[name].probabilities(READOUT_SPECS[name].fit(run), x)
        for name in ("head", "proxies", "head+proxies")
    )
    np.testing.assert_allclose(mixed, 0.3 * head + 0.7 * proxies, atol=1e-6)
    spec = READOUT_SPECS["head+proxies:0.25"]
    np.testing.assert_allclose(spec.probabilities(spec.fit(run), x), 0.25 * head + 0.75 * proxies, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "k", "weighted"), [("knn", 5, True), ("knn:k=1", 1, True), ("knn:k=10,uniform", 10, False)]
)
def test_neighbours_are_scikit_learns(name: str, k: int, weighted: bool) -> None:
    from sklearn.neighbors import KNeighborsClassifier

    run, spec, x = trained(BALANCED), READOUT_SPECS[name], texts(BALANCED, 1)
    weights = (lambda distances: np.maximum(1 - distances, 0) + 1e-6) if weighted else "uniform"
    model = KNeighborsClassifier(k, metric="cosine", weights=weights).fit(run.embeddings, run.targets)
    expected = (model.predict_proba(x) * k + 1 / CLASSES) / (k + 1)
    np.testing.assert_allclose(spec.probabilities(spec.fit(run), x), expected, atol=1e-5)


def test_euclidean_centroids_are_scikit_learns() -> None:
    from sklearn.neighbors import NearestCentroid

    run, spec, x = trained([0, 1, 2, 2, 1] * 3), READOUT_SPECS["centroid:euclidean"], 0.3 * texts([0, 1, 2] * 20, 1)
    expected = NearestCentroid().fit(run.embeddings, run.targets).predict(x)
    np.testing.assert_array_equal(spec.probabilities(spec.fit(run), x).argmax(axis=1), expected)


@pytest.mark.parametrize("name", ["centroid", "centroid:euclidean"])
def test_anchors_count_as_so_many_texts_where_classes_are_means(name: str) -> None:
    run, anchors = trained(BALANCED), AnchorVectors(texts([0, 2], 5), np.array([0, 2]), 3)
    more = replace(
        run,
        embeddings=np.concatenate([run.embeddings, np.repeat(anchors.embeddings, 3, axis=0)]),
        targets=np.concatenate([run.targets, np.repeat(anchors.targets, 3)]),
    )
    fitted = READOUT_SPECS[name].fit(replace(run, anchors=anchors))
    expected = READOUT_SPECS[name].fit(more)
    assert np.allclose(fitted.arrays["centroids"], expected.arrays["centroids"], atol=1e-6)
    assert not np.allclose(fitted.arrays["centroids"], READOUT_SPECS[name].fit(run).arrays["centroids"], atol=1e-3)
    # A class that has no text but an anchor can be had.
    alone = replace(trained([0, 1] * 4), anchors=anchors)
    x = texts([2] * 20, 3)
    assert (READOUT_SPECS[name].probabilities(READOUT_SPECS[name].fit(alone), x).argmax(axis=1) == 2).all()


def test_settings_of_logistic_regression_change_its_penalty() -> None:
    run = trained(BALANCED)
    spread = [
        float(np.abs(READOUT_SPECS[name].fit(run).arrays["coefficients"]).mean())
        for name in ("logistic:C=1", "logistic", "logistic:C=100")
    ]
    assert spread == sorted(spread)
    assert not READOUT_SPECS["logistic:C=1"].available(trained(BALANCED, c=None))


@pytest.mark.parametrize("loss", [name for name in LOSSES if name not in WITH_PROXIES])
def test_read_outs_that_a_run_cannot_have(loss: str) -> None:
    run = trained(BALANCED, loss)
    available = {
        name.partition(":")[0] for name, spec in READOUT_SPECS.items() if name in READOUTS and spec.available(run)
    }
    assert available == {"logistic", "head", "centroid", "knn"}
    without = Trained(run.config, "single", CLASSES, run.embeddings, run.targets, {}, {}, 10.0)
    assert not READOUT_SPECS["head"].available(without)


def test_softmax_of_huge_logits() -> None:
    np.testing.assert_array_equal(softmax(np.array([[1e30, 0.0], [-1e30, 0.0]])), [[1, 0], [0, 1]])


def test_fitting_draws_no_random_numbers() -> None:
    torch.manual_seed(1)
    expected = torch.rand(1)
    for name in ("logistic", "centroid", "knn", "head"):
        torch.manual_seed(1)
        READOUT_SPECS[name].fit(trained(BALANCED, "ce"))
        assert torch.rand(1) == expected


def test_neighbours_among_many_texts_are_found_in_little_memory() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, 20_000)
    few = READOUT_SPECS["knn"].fit(trained([*labels]))
    queries = texts([0, 1, 2] * 100, seed=5)
    tracemalloc.start()
    together = READOUT_SPECS["knn"].probabilities(few, queries)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 2**20
    alone = [READOUT_SPECS["knn"].probabilities(few, query[None])[0] for query in queries[:9]]
    assert np.allclose(together[:9], alone, atol=1e-6)
