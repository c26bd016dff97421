"""Which number format forward passes use. Weights, losses and optimizer states are always float32."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch

PRECISIONS = ("float32", "bfloat16")


def default_precision(device: str) -> str:
    """``bfloat16`` on GPUs and on CPUs with instructions for it (AVX-512 BF16 or AMX: 2 to 3 times faster), else
    ``float32``, since other CPUs emulate it slowly."""
    if device != "cpu":
        return "bfloat16"
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bfloat16" if fast else "float32"


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """Around forward passes of the encoder."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")
