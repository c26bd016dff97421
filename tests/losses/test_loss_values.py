"""Values against the papers' formulas, written out plainly in float64."""

import math

import numpy as np
import numpy.typing as npt
import pytest
import torch

from tune_dml.losses import LOSSES

Array = npt.NDArray[np.float64]
CLASSES, DIMENSION, N = 3, 6, 9
LABELS = np.array([0, 0, 1, 1, 2, 2, 0, 1, 2])


def unit(rows: Array) -> Array:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def log_softmax(row: Array) -> Array:
    return row - row.max() - math.log(np.exp(row - row.max()).sum())


def softtriple(x: Array, centers: Array, la: float, gamma: float, margin: float) -> float:
    """centers: [dimension, classes * centers per class]."""
    cosines = (unit(x) @ unit(centers.T).T).reshape(N, CLASSES, -1)
    total = 0.0
    for i in range(N):
        similarity = np.array([np.exp(log_softmax(c / gamma)) @ c for c in cosines[i]])
        similarity[LABELS[i]] -= margin
        total -= log_softmax(la * similarity)[LABELS[i]]
    return total / N


def proxy_anchor(x: Array, proxies: Array, alpha: float, margin: float) -> float:
    cosines = unit(x) @ unit(proxies).T
    pull = push = 0.0
    for c in range(CLASSES):
        pull += math.log(1 + sum(math.exp(-alpha * (cosines[i, c] - margin)) for i in range(N) if LABELS[i] == c))
        push += math.log(1 + sum(math.exp(alpha * (cosines[i, c] + margin)) for i in range(N) if LABELS[i] != c))
    return pull / CLASSES + push / CLASSES


def proxy_nca(x: Array, proxies: Array, scale: float) -> float:
    squared = ((unit(x)[:, None] - unit(proxies)[None]) ** 2).sum(-1)
    return -sum(log_softmax(-scale * squared[i])[LABELS[i]] for i in range(N)) / N


def supcon(x: Array, temperature: float) -> float:
    cosines = unit(x) @ unit(x).T / temperature
    total = 0.0
    for i in range(N):
        others = [j for j in range(N) if j != i]
        normaliser = math.log(sum(math.exp(cosines[i, j]) for j in others))
        positives = [j for j in others if LABELS[j] == LABELS[i]]
        total -= sum(cosines[i, j] - normaliser for j in positives) / len(positives)
    return total / N


def triplet(x: Array, margin: float) -> float:
    distance = np.sqrt(((unit(x)[:, None] - unit(x)[None]) ** 2).sum(-1))
    violations = [
        distance[a, p] - distance[a, n] + margin
        for a in range(N)
        for p in range(N)
        for n in range(N)
        if a != p and LABELS[a] == LABELS[p] and LABELS[a] != LABELS[n]
    ]
    counted = [v for v in violations if v > 0]
    return sum(counted) / len(counted)


def npairs(x: Array, l2: float) -> float:
    pairs = [np.flatnonzero(c == LABELS)[:2] for c in range(CLASSES)]
    anchors, positives = x[[p[0] for p in pairs]], x[[p[1] for p in pairs]]
    value = -sum(log_softmax(anchors[c] @ positives.T)[c] for c in range(CLASSES)) / CLASSES
    return value + l2 * float((x**2).sum(axis=1).mean())


FORMULAS = {f.__name__: f for f in (softtriple, proxy_anchor, proxy_nca, supcon, triplet, npairs)}


def test_every_metric_loss_has_a_formula() -> None:
    assert set(FORMULAS) == {name for name, spec in LOSSES.items() if spec.build is not None}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", FORMULAS)
def test_value_is_that_of_the_formula(name: str, seed: int) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    spec = LOSSES[name]
    assert spec.build is not None
    module = spec.build(CLASSES, DIMENSION, spec.defaults)
    x = torch.randn(N, DIMENSION)
    own = [p.detach().double().numpy() for p in module.parameters()]
    params = {k: v for k, v in spec.defaults.items() if k != "centers"}
    expected = FORMULAS[name](x.double().numpy(), *own, **params)  # type: ignore[operator]
    assert module(x, torch.from_numpy(LABELS)).item() == pytest.approx(expected, rel=1e-5)


def test_large_batches_of_triplets_are_sampled() -> None:
    spec = LOSSES["triplet"]
    assert spec.build is not None
    module = spec.build(CLASSES, DIMENSION, spec.defaults)
    x, labels = torch.randn(600, DIMENSION), torch.arange(600) % CLASSES
    first, second = module(x, labels).item(), module(x, labels).item()
    assert first != second
    assert first == pytest.approx(second, rel=0.05)
