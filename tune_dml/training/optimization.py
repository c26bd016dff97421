"""AdamW with a learning rate of its own for the encoder, the head and the loss's parameters, and their schedule."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from tune_dml.errors import ConfigurationError
from tune_dml.models.head import ClassificationHead
from tune_dml.models.prefix import layers_of
from tune_dml.recipe import INGREDIENTS, Configuration


class Optimization:
    """The optimizer of one training run.

    Args:
        steps: Of the whole schedule; at least one.

    Raises:
        ConfigurationError: as :func:`make_optimizer`.
    """

    def __init__(
        self, config: Configuration, encoder: nn.Module, heads: Iterable[nn.Module], loss: nn.Module | None, steps: int
    ) -> None:
        self._config, self._steps = config, steps
        self.optimizer = make_optimizer(config, encoder, heads, loss)
        self._peaks = [group["lr"] for group in self.optimizer.param_groups]

    def step(self, number: int) -> None:
        """Follow the gradients, in step ``number`` (from 0 on) of the schedule."""
        factor = learning_rate_factor(number, self._steps, self._config.warmup, self._config.schedule)
        groups = self.optimizer.param_groups
        for group, peak in zip(groups, self._peaks, strict=True):
            group["lr"] = peak * factor
        trained = [p for group in groups for p in group["params"] if p.grad is not None]
        if trained:
            if self._config.max_grad_norm:
                nn.utils.clip_grad_norm_(trained, self._config.max_grad_norm)
            self.optimizer.step()


def make_optimizer(
    config: Configuration, encoder: nn.Module, heads: Iterable[nn.Module], loss: nn.Module | None
) -> torch.optim.AdamW:
    """Every trainable parameter is in exactly one group; biases, norms and the loss's parameters are not decayed.

    What a head has of the encoder's masked-LM training learns at the encoder's rate.

    Raises:
        ConfigurationError: the learning rate shall fall from layer to layer, and the encoder's cannot be told apart.
    """
    groups: list[dict[str, Any]] = []
    for factor, parameters in _with_factors(config, encoder):
        trained, rate = [p for p in parameters if p.requires_grad], config.lr * factor
        groups += [
            {"params": [p for p in trained if p.ndim > 1], "lr": rate, "weight_decay": config.weight_decay},
            {"params": [p for p in trained if p.ndim <= 1], "lr": rate, "weight_decay": 0.0},
        ]
    heads = list(heads)
    known = [p for head in heads if isinstance(head, ClassificationHead) for p in head.learnt_before()]
    groups += [
        {"params": [p for p in known if p.ndim > 1], "lr": config.lr, "weight_decay": config.weight_decay},
        {"params": [p for p in known if p.ndim <= 1], "lr": config.lr, "weight_decay": 0.0},
    ]
    ids = set(map(id, known))
    on_top = [parameter for head in heads for parameter in head.parameters() if id(parameter) not in ids]
    groups.append({"params": on_top, "lr": config.head_lr, "weight_decay": config.weight_decay})
    if loss is not None:
        groups.append({"params": list(loss.parameters()), "lr": config.loss_lr, "weight_decay": 0.0})
    return torch.optim.AdamW([g for g in groups if g["params"]], fused=True)


def _with_factors(config: Configuration, encoder: nn.Module) -> Iterable[tuple[float, list[nn.Parameter]]]:
    """The encoder's parameters with the factor of their learning rate."""
    hooks = {name: INGREDIENTS[name].learning_rates for name in config.on()}
    found = [(name, rates) for name, rates in hooks.items() if rates is not None]
    if len(found) > 1:
        names = " and ".join(name for name, _ in found)
        raise ConfigurationError(f"{names} both decide about learning rates; leave one of them out.")
    for name, rates in found:
        return rates(config.of(name), encoder, layers_of(encoder))
    return [(1.0, list(encoder.parameters()))]


def learning_rate_factor(step: int, steps: int, warmup: float, schedule: str) -> float:
    """Factor of the peak rate at ``step`` (0 to ``steps`` - 1): warm-up from 0, then the schedule's decay."""
    warm = round(warmup * steps)
    if step < warm:
        return (step + 1) / (warm + 1)
    if schedule == "constant":
        return 1.0
    progress = (step - warm) / max(1, steps - warm)
    if schedule == "linear":
        return 1.0 - progress
    return 0.5 * (1.0 + math.cos(math.pi * progress))
