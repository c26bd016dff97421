"""Which number format forward passes use. Weights, losses and optimizer states are always float32."""

from __future__ import annotations

import threading
from collections import deque
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
    if device.type != "cpu":
        yield
        return
    with _one_dnn.used(precision != "float32"):
        yield


class _Switch:
    """PyTorch has one switch of oneDNN for all threads. Those that need it on go together, those that need it off go
    together, and the two kinds take turns. A thread may come again for what it has."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._users = {True: 0, False: 0}
        self._queue: deque[object] = deque()
        self._mine = threading.local()
        self._before = True

    @contextmanager
    def used(self, on: bool) -> Iterator[None]:
        depth = getattr(self._mine, "depth", 0)
        if not depth:
            self._enter(on)
        self._mine.depth = depth + 1
        try:
            yield
        finally:
            self._mine.depth = depth
            if not depth:
                self._leave(on)

    def _enter(self, on: bool) -> None:
        backend: Any = torch.backends.mkldnn
        with self._changed:
            # In the order in which they come: a stream of one kind would keep the other out for ever.
            ticket = object()
            self._queue.append(ticket)
            try:
                self._changed.wait_for(lambda: self._queue[0] is ticket and not self._users[not on])
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()
            if not on and not self._users[on]:
                self._before = backend.enabled
                backend.enabled = False
            self._users[on] += 1

    def _leave(self, on: bool) -> None:
        backend: Any = torch.backends.mkldnn
        with self._changed:
            self._users[on] -= 1
            if not on and not self._users[on]:
                backend.enabled = self._before
            self._changed.notify_all()


_one_dnn = _Switch()
