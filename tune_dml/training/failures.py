"""What can go wrong in one training run and must not end a search."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from tune_dml.errors import TrainingFailure


@contextmanager
def training_failures() -> Iterator[None]:
    """Turn running out of memory, on a GPU or on the host, into :class:`TrainingFailure`."""
    try:
        yield
    except (MemoryError, torch.cuda.OutOfMemoryError) as error:
        raise TrainingFailure("out_of_memory", _first_line(error)) from error
    except RuntimeError as error:
        if "can't allocate memory" in str(error) or "out of memory" in str(error):
            raise TrainingFailure("out_of_memory", _first_line(error)) from error
        raise


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
