"""``--concurrency auto``: how many trials share a GPU, measured before the search."""

from __future__ import annotations

import math
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import get_context
from typing import TYPE_CHECKING

from tune_dml.errors import EnvironmentFault
from tune_dml.execution.this_machine import cores
from tune_dml.reporting.output import Output
from tune_dml.spaces import largest_value

if TYPE_CHECKING:
    from tune_dml.driver.prepared import Prepared


def packed(prepared: Prepared, gpus: int, out: Output) -> Prepared:
    """The same search with as many trials at a time as the ``gpus`` of this machine serve without loss.

    Raises:
        EnvironmentFault: the training step cannot be measured.
    """
    from tune_dml.training.gpu_cost import measured_step, trials_per_gpu
    from tune_dml.training.workload import baseline

    about = prepared.about
    largest = max(prepared.encoders, key=lambda one: one.workload.encoder.body)
    encoder = largest.encoder
    config = replace(
        baseline("reference_ce", largest.size, encoder.max_length, encoder.representation, largest.workload.kind),
        batch_size=int(largest_value(largest.space, "batch_size") or 16),
    )
    try:
        # In a process of its own, which gives the card's memory back.
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            cost = pool.submit(measured_step, largest.workload, config).result()
    except (BrokenProcessPool, RuntimeError) as error:
        raise EnvironmentFault(
            f"The GPU cannot be measured ({str(error).strip().splitlines()[0][:200]}); give --concurrency a number."
        ) from error
    each = trials_per_gpu(cost, max(1, int(cores() // gpus)))
    out.line(
        f"packing: a step takes {1000 * cost.seconds:.0f} ms, of which the GPU computes {100 * cost.busy:.0f}%, and "
        f"{cost.memory / 2**30:.1f} of {cost.total / 2**30:.0f} GiB: {each} trials share a GPU"
    )
    settings = replace(
        about.settings,
        concurrency=each * gpus,
        # Rounded down, so that so many shares fit.
        gpus_per_trial=math.floor(10_000 / each) / 10_000,
        cpus_per_trial=min(about.settings.cpus_per_trial, cores() / (each * gpus)),
    )
    return replace(prepared, about=replace(about, settings=settings))
