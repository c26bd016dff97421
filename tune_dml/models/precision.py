"""Which number format forward passes use. Weights, losses and optimizer states are always float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


def default_precision(device: str) -> str:
    """``bfloat16`` on GPUs and on CPUs with instructions for it (AVX-512 BF16 or AMX: 2 to 3 times faster), else
    ``float32``, since other CPUs emulate it slowly."""
    if device != "cpu":
        return "bfloat16"
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bfloat16" if fast else "float32"


@contextmanager
def autocast(device: torch.device, precision: str) -> Iterator[None]:
    """Around forward passes of the encoder."""
    with own_kernels(device, precision), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
        yield


@contextmanager
def own_kernels(device: torch.device, precision: str) -> Iterator[None]:
    """Around all passes, backward ones too: float32 on a CPU without oneDNN.

    What it does there is GELU, which it compiles for every number of tokens that it has not met and keeps (hundreds of
    megabytes over a run); PyTorch's own is faster even where it has met it.
    """
    backend: Any = torch.backends.mkldnn
    before = backend.enabled
    if device.type == "cpu" and precision == "float32":
        backend.enabled = False
    try:
        yield
    finally:
        backend.enabled = before
