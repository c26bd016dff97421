"""Values and gradients against the papers' formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import formulas
import numpy as np
import pytest
import torch
from formulas import FORMULAS, Array, Labels

from tune_dml.losses import LOSSES

SHAPES = {
    "three classes": (6, np.array([0, 0, 1, 1, 2, 2, 0, 1, 2])),
    "two uneven classes": (3, np.array([1, 0, 0, 1, 0, 0, 0])),
    "five classes, one of them a single example": (16, np.array([3, 0, 1, 1, 2, 0, 3, 2, 4, 1, 0, 3])),
    "in the middle of other settings": (4, np.array([0, 0, 1, 1, 2, 2, 1])),
}


def setting(name: str, shape: str) -> dict[str, Any]:
    """The defaults, and for one shape something else: where a domain is a quarter along its way."""
    spec = LOSSES[name]
    if not shape.startswith("in the middle"):
        return dict(spec.defaults)
    return {k: _quarter(h.domain) for k, h in spec.hyperparameters.items()}


def _quarter(domain: Any) -> Any:
    if hasattr(domain, "options"):
        return domain.options[0]
    value = domain.low + (domain.high - domain.low) / 4
    return int(value) if isinstance(domain.low, int) else value


def made(name: str, shape: str, seed: int = 0) -> tuple[Callable[..., Any], torch.Tensor, Labels, dict[str, Any]]:
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    dimension, labels = SHAPES[shape]
    spec, params = LOSSES[name], setting(name, shape)
    assert spec.build is not None
    module = spec.build(int(labels.max()) + 1, dimension, params).double()
    return module, torch.randn(len(labels), dimension, dtype=torch.float64), labels, params


def own(module: Any) -> list[Array]:
    return [p.detach().numpy() for p in module.parameters()]


def test_every_metric_loss_has_a_formula() -> None:
    assert set(FORMULAS) == {name for name, spec in LOSSES.items() if spec.build is not None}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", FORMULAS)
def test_value_is_that_of_the_formula(name: str, shape: str, seed: int) -> None:
    module, x, labels, params = made(name, shape, seed)
    expected = FORMULAS[name](x.numpy(), labels, *own(module), **params)
    assert module(x, torch.from_numpy(labels)).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", FORMULAS)
def test_gradient_is_that_of_the_formula(name: str, shape: str) -> None:
    module, x, labels, params = made(name, shape)
    if name == "circle":
        params["weights_at"] = x.numpy().copy()
    x.requires_grad_()
    module(x, torch.from_numpy(labels)).backward()
    tensors = [x, *module.parameters()]  # type: ignore[attr-defined]
    arrays = [tensor.detach().numpy().copy() for tensor in tensors]
    for position, tensor in enumerate(tensors):

        def value(changed: Array, position: int = position) -> float:
            x, *rest = [*arrays[:position], changed, *arrays[position + 1 :]]
            result: float = FORMULAS[name](x, labels, *rest, **params)
            return result

        expected = central_differences(value, arrays[position])
        assert tensor.grad is not None
        assert np.abs(tensor.grad.numpy() - expected).max() < 1e-5 * max(1.0, np.abs(expected).max())


def central_differences(value: Callable[[Array], float], at: Array, step: float = 1e-6) -> Array:
    gradient = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        up, down = at.copy(), at.copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (value(up) - value(down)) / (2 * step)
    return gradient


@pytest.mark.parametrize("miner", ["none", "semihard", "hard"])
def test_mined_triplets_are_those_of_the_papers(miner: str) -> None:
    x, labels = torch.randn(12, 5, dtype=torch.float64), np.arange(12) % 3
    build = LOSSES["triplet"].build
    assert build is not None
    value = build(3, 5, {"margin": 0.6, "miner": miner})(x, torch.from_numpy(labels)).item()
    assert value == pytest.approx(formulas.triplet(x.numpy(), labels, margin=0.6, miner=miner), rel=1e-9)


@pytest.mark.parametrize("loss", ["contrastive", "multi_similarity", "margin"])
def test_miners_choose_among_the_pairs(loss: str) -> None:
    spec = LOSSES[loss]
    assert spec.build is not None
    torch.manual_seed(0)
    x, labels = torch.randn(12, 5), torch.arange(12) % 3
    values = [
        spec.build(3, 5, {**spec.defaults, "miner": miner})(x, labels).item()
        for miner in spec.hyperparameters["miner"].domain.options  # type: ignore[union-attr]
    ]
    assert len({round(value, 6) for value in values}) == len(values)


@pytest.mark.parametrize("name", ["triplet", "margin", "ntxent", "tuplet_margin", "lifted_structure"])
def test_large_batches_are_sampled(name: str) -> None:
    spec = LOSSES[name]
    assert spec.build is not None
    module = spec.build(3, 6, spec.defaults)
    x, labels = torch.randn(90, 6), torch.arange(90) % 3
    values = [module(x, labels).item() for _ in range(20)]
    assert len(set(values)) == 20
    own = [p.detach().double().numpy() for p in module.parameters()]
    whole = FORMULAS[name](x.double().numpy(), labels.numpy(), *own, **spec.defaults)
    assert np.mean(values) == pytest.approx(whole, rel=0.05)
