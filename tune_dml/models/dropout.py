"""Dropout whose random numbers cost little on a CPU: 16 bits for each element."""

from __future__ import annotations

import torch
from torch import Tensor, nn

#: A probability is rounded to a multiple of ``1 / _LEVELS``.
_LEVELS = 1 << 16


class QuickDropout(nn.Dropout):
    """``nn.Dropout`` that takes fewer random numbers of PyTorch's generator, on a CPU.

    PyTorch draws 64 bits for each element there, a twentieth of a training step. Elsewhere it is ``nn.Dropout``.
    """

    def forward(self, states: Tensor) -> Tensor:
        return quick_dropout(states, self.p) if self.training else states


def quick_dropout(states: Tensor, p: float) -> Tensor:
    """Zeros with probability ``p``, and what is left scaled by ``1 / (1 - p)``."""
    if states.device.type != "cpu" or not 0 < p < 1:
        return nn.functional.dropout(states, p)
    threshold = min(max(1, round(p * _LEVELS)), _LEVELS - 1)
    kept = _sixteen_bits(states.shape) >= threshold - _LEVELS // 2
    return states * kept.to(states.dtype).mul_(_LEVELS / (_LEVELS - threshold))


def use_quick_dropout(module: nn.Module) -> None:
    """Put it in the place of each ``nn.Dropout`` inside ``module``."""
    for inner in list(module.modules()):
        for name, child in inner.named_children():
            if type(child) is nn.Dropout:
                setattr(inner, name, QuickDropout(child.p))


def _sixteen_bits(shape: torch.Size) -> Tensor:
    """Random int16 of all values."""
    count = shape.numel()
    words = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(1 << 63), None)
    return words.view(torch.int16)[:count].view(shape)
