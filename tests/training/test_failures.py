"""Which errors are a trial's own failure, and which are not."""

from __future__ import annotations

import pytest
import torch

from tune_dml.training.failures import (
    TrainingFailure,
    collapse_ignored,
    gpu_works,
    is_gpu_fault,
    is_out_of_memory,
    training_failures,
)


@pytest.mark.parametrize("error", [MemoryError("no room"), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_too_little_memory_is_a_failure_of_the_trial(error: Exception) -> None:
    assert is_out_of_memory(error)
    with pytest.raises(TrainingFailure) as caught, training_failures():
        raise error
    assert caught.value.reason == "out_of_memory"


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shapes do not go together"), training_failures():
        raise RuntimeError("shapes do not go together")
    assert not is_gpu_fault(RuntimeError("CUDA error"))
    assert is_gpu_fault(torch.AcceleratorError("an illegal memory access"))


def test_what_is_only_timed_may_collapse() -> None:
    with collapse_ignored():
        raise TrainingFailure("collapse", "every text gets the same vector")
    with pytest.raises(TrainingFailure, match="no longer finite"), collapse_ignored():
        raise TrainingFailure("not_finite", "the loss is no longer finite")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU, which works")
def test_without_a_gpu_none_works() -> None:
    try:
        works = gpu_works()
    except AssertionError:
        works = False  # a build of torch without CUDA
    assert not works
