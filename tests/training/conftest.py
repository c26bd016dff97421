from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from small_task import Small, make_small

from tune_dml.data import Fold
from tune_dml.training.workload import Workload


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def small() -> Small:
    return make_small()


@pytest.fixture
def workload(small: Small) -> Callable[[int], Workload]:
    """The small texts with so many folds (1: a hold-out part)."""

    def _workload(folds: int) -> Workload:
        rows = np.arange(len(small.labels), dtype=np.int64)
        held = [rows[k :: max(folds, 4)] for k in range(folds)]
        made = tuple(Fold(np.setdiff1d(rows, h), h) for h in held)
        return Workload(small.encoder, small.tokens, small.labels, "single", 3, made, seed=5)

    return _workload
