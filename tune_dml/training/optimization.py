"""AdamW with a learning rate of its own for the encoder, the head and the loss's parameters, and their schedule."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from tune_dml.config import Configuration
from tune_dml.errors import ConfigurationError
from tune_dml.models.prefix import layers_of


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

    Raises:
        ConfigurationError: the learning rate shall fall from layer to layer, and the encoder's cannot be told apart.
    """
    groups: list[dict[str, Any]] = []
    for factor, parameters in _by_depth(encoder, config.layer_decay):
        trained, rate = [p for p in parameters if p.requires_grad], config.lr * factor
        groups += [
            {"params": [p for p in trained if p.ndim > 1], "lr": rate, "weight_decay": config.weight_decay},
            {"params": [p for p in trained if p.ndim <= 1], "lr": rate, "weight_decay": 0.0},
        ]
    on_top = [parameter for head in heads for parameter in head.parameters()]
    groups.append({"params": on_top, "lr": config.head_lr, "weight_decay": config.weight_decay})
    if loss is not None:
        groups.append({"params": list(loss.parameters()), "lr": config.loss_lr, "weight_decay": 0.0})
    return torch.optim.AdamW([g for g in groups if g["params"]], fused=True)


def _by_depth(encoder: nn.Module, decay: float) -> list[tuple[float, list[nn.Parameter]]]:
    """The encoder's parameters with the factor of their learning rate: 1 for the top layer and what is above it."""
    if decay == 1.0:
        return [(1.0, list(encoder.parameters()))]
    layers = layers_of(encoder)
    if layers is None:
        raise ConfigurationError("The layers of this encoder cannot be told apart; set layer_decay to 1.")
    within = [list(layer.parameters()) for layer in layers]
    inside = {id(p) for parameters in within for p in parameters}
    before = getattr(encoder, "embeddings", None)
    tables = [before] if isinstance(before, nn.Module) else _tables(encoder)
    below = {id(p) for table in tables for p in table.parameters()} - inside
    rest = [p for p in encoder.parameters() if id(p) not in inside]
    groups = [(decay ** (len(within) - 1 - depth), parameters) for depth, parameters in enumerate(within)]
    groups.append((decay ** len(within), [p for p in rest if id(p) in below]))
    groups.append((1.0, [p for p in rest if id(p) not in below]))
    return groups


def _tables(encoder: nn.Module) -> list[nn.Module]:
    return [module for module in encoder.modules() if isinstance(module, nn.Embedding)]


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
