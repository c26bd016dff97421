"""AdamW with a learning rate of its own for the encoder, the head and the loss's parameters."""

from __future__ import annotations

import math

import torch
from torch import nn

from tune_dml.config import Configuration

#: Gradients are scaled down to this norm, as fine-tuning recipes for Transformers do.
MAX_GRADIENT_NORM = 1.0


def make_optimizer(
    config: Configuration, encoder: nn.Module, head: nn.Module | None, loss: nn.Module | None
) -> torch.optim.AdamW:
    """Every trainable parameter is in exactly one group; biases, norms and the loss's parameters are not decayed."""
    trained = [p for p in encoder.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "lr": config.lr, "weight_decay": config.weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "lr": config.lr, "weight_decay": 0.0},
    ]
    if head is not None:
        groups.append({"params": list(head.parameters()), "lr": config.head_lr, "weight_decay": config.weight_decay})
    if loss is not None:
        groups.append({"params": list(loss.parameters()), "lr": config.loss_lr, "weight_decay": 0.0})
    return torch.optim.AdamW([g for g in groups if g["params"]], fused=True)


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
