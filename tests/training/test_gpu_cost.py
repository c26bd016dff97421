from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from tune_dml.recipe import Configuration
from tune_dml.training.gpu_cost import StepCost, measured_step, trials_per_gpu
from tune_dml.training.workload import Workload

GIB = 2**30


@pytest.mark.parametrize(
    ("busy", "memory", "cores", "expected"),
    [
        (0.25, 2, 16, 4),  # the card waits three quarters of the time
        (0.3, 2, 16, 4),
        (1.0, 2, 16, 1),  # it has no time for another
        (0.0, 2, 64, 32),
        (0.1, 30, 16, 2),  # 80 GiB, a tenth of it left alone
        (0.1, 100, 16, 1),
        (0.1, 2, 3, 3),
    ],
)
def test_memory_turns_and_cores_bound_what_shares_a_gpu(busy: float, memory: int, cores: int, expected: int) -> None:
    assert trials_per_gpu(StepCost(0.02, busy, memory * GIB, 80 * GIB), cores) == expected


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_step_on_a_gpu_is_measured(workload: Callable[[int], Workload]) -> None:
    on_gpu = replace(workload(4), device="cuda", precision="bfloat16")
    cost = measured_step(on_gpu, Configuration(loss="ce", batch_size=8))
    assert cost.seconds > 0
    assert 0 < cost.busy <= 1
    assert 0 < cost.memory < cost.total
