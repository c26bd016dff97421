"""What can go wrong in one training run and must not end a search."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from tune_dml.errors import TrainingFailure, first_line

#: In the messages of errors without a type of their own: PyTorch's allocator on the host, CUDA's libraries, oneDNN.
_OUT_OF_MEMORY = (
    "can't allocate memory",
    "out of memory",
    "could not create a memory object",
    "could not create a primitive",
)


@contextmanager
def training_failures() -> Iterator[None]:
    """Turn running out of memory, on a GPU or on the host, into :class:`TrainingFailure`."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise TrainingFailure("out_of_memory", first_line(error)) from error
        raise


@contextmanager
def collapse_ignored() -> Iterator[None]:
    """Around training that is only timed."""
    try:
        yield
    except TrainingFailure as failure:
        if failure.reason != "collapse":
            raise


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that a GPU or the host has no memory left."""
    if isinstance(error, MemoryError | torch.cuda.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _OUT_OF_MEMORY)


def is_gpu_fault(error: BaseException) -> bool:
    """Whether a GPU has failed under this process (an illegal access, memory beyond correction, a card that is gone),
    which then has no use of it any more."""
    return isinstance(error, torch.AcceleratorError) and not is_out_of_memory(error)


def gpu_works() -> bool:
    """Whether the GPU of this process computes. Memory that others have taken is no fault of it."""
    try:
        ones = torch.ones(256, 256, device="cuda")
        return (ones @ ones).sum().item() == 256**3
    except RuntimeError as error:
        return is_out_of_memory(error)
