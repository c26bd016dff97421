"""How many trials share a GPU: from the memory of one and from a timed step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from tune_dml.data import KINDS
from tune_dml.recipe import Configuration
from tune_dml.training.examples import Examples
from tune_dml.training.failures import collapse_ignored
from tune_dml.training.fit import fit_once
from tune_dml.training.workload import Workload, single_thread

#: Of a card's memory, the part that trials may fill: allocators fragment, and kernels load late.
MEMORY_SHARE = 0.9
#: More gains nothing measurable and makes every trial late.
MOST = 32
#: Epochs of one batch each; what a longer run takes more than a shorter one is the cost of its steps alone.
_SHORT, _LONG = 5, 25


@dataclass(frozen=True)
class StepCost:
    """What one training run asks of a GPU.

    Attributes:
        seconds: Of a training step, with nothing else on the card.
        busy: Share of that in which the card computes, 0 to 1; else it waits for the next kernel to be launched.
        memory: Bytes at most, those of the CUDA context included.
        total: Bytes of the card.
    """

    seconds: float
    busy: float
    memory: int
    total: int


def trials_per_gpu(cost: StepCost, cores: int) -> int:
    """As many trials as one GPU serves without loss.

    Processes take turns on a card, so ``1 / busy`` of them keep it computing all the time; more would only wait. Each
    needs a core to launch its kernels, and memory for itself.

    Args:
        cores: CPU cores there are for each GPU.
    """
    by_memory = int(MEMORY_SHARE * cost.total / cost.memory)
    by_turns = math.ceil(1.0 / max(cost.busy, 1.0 / MOST))
    return max(1, min(by_memory, by_turns, cores))


def measured_step(workload: Workload, config: Configuration) -> StepCost:
    """Train ``config`` on one full batch of the workload's longest texts, on its GPU, and note what it costs.

    Fills the card's memory for a while: better called in a process of its own.

    Raises:
        TrainingFailure: not even one trial fits.
    """
    single_thread()
    device = torch.device(workload.device)
    longest = np.argsort(-workload.tokens.lengths[: workload.shots], kind="stable")[: config.batch_size].astype(
        np.int64
    )
    # Which text has which label costs nothing; that each class is there keeps read-outs from refusing.
    targets = KINDS[workload.kind].target.made_up(len(longest), workload.outputs, workload.outputs)
    data = Examples(workload.tokens.take(longest), targets, workload.kind, workload.outputs)

    def train(epochs: int) -> None:
        with collapse_ignored():
            fit_once(
                replace(config, epochs=epochs, batch_size=len(longest)),
                workload.encoder,
                data,
                {},
                seed=0,
                device=workload.device,
                precision=workload.precision,
            )
        torch.cuda.synchronize(device)

    free_before, total = torch.cuda.mem_get_info(device)
    # The first run builds the encoder, loads kernels and fills the allocator's cache.
    train(_SHORT)
    steps = _LONG - _SHORT
    seconds = max(1e-6, _timed(lambda: train(_LONG)) - _timed(lambda: train(_SHORT))) / steps
    computing = max(0.0, _kernel_seconds(lambda: train(_LONG)) - _kernel_seconds(lambda: train(_SHORT))) / steps
    context = max(0, total - free_before)
    memory = torch.cuda.max_memory_reserved(device) + context
    return StepCost(seconds, min(1.0, computing / seconds), memory, total)


def _timed(run: Callable[[], None]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def _kernel_seconds(run: Callable[[], None]) -> float:
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        run()
    return float(sum(event.self_device_time_total for event in profile.key_averages())) / 1e6
