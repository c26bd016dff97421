"""What a training step costs on this machine."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from tune_dml.recipe import Configuration
from tune_dml.training.failures import collapse_ignored
from tune_dml.training.fit import fit_once
from tune_dml.training.workload import Workload


def timed_step(workload: Workload, config: Configuration) -> float:
    """Seconds of one training step of ``config`` on this machine: of three, the shorter of two runs."""
    rows = np.arange(min(workload.shots, config.batch_size), dtype=np.int64)
    seconds = []
    # The first run pays for building the encoder and is not counted.
    for _ in range(3):
        begun = time.perf_counter()
        # What so short a training gives is of no interest, and may well be the same for all.
        with collapse_ignored():
            fit_once(
                replace(config, epochs=3),
                workload.encoder,
                workload.examples(rows=rows),
                {},
                seed=0,
                device=workload.device,
                precision=workload.precision,
            )
        seconds.append(time.perf_counter() - begun)
    return min(seconds[1:]) / 3
