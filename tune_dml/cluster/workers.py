"""A search's workers: started while the driver is still getting ready."""

from __future__ import annotations

import math

from tune_dml.config import SearchSettings
from tune_dml.execution import start_ray
from tune_dml.execution.machines import Slots
from tune_dml.reporting.output import Output

_IN_WORKERS = ("tune_dml.cluster.worker_imports",)
#: What the driver imports while Ray starts.
_IN_DRIVER = ("tune_dml.models.encoder", "transformers.models.auto.modeling_auto", "tune_dml.driver.drive")


def start_workers(slots: Slots | SearchSettings | None, address: str | None, out: Output) -> None:
    """Start Ray with a worker per slot, which imports what it needs while the caller goes on; or join a cluster.

    Does nothing in a session that has begun. Whoever calls this sees to it that ``stop_ray`` follows.

    Args:
        slots: What to start with on this machine; ``None`` for a cluster, which has what it has.

    Raises:
        EnvironmentFault: Ray cannot be started or joined.
        UsageError: another search of this process uses Ray elsewhere.
    """
    start_ray(
        address,
        cpus=1 if slots is None else max(1, math.ceil(slots.concurrency * slots.cpus_per_trial)),
        gpus=0 if slots is None else math.ceil(slots.concurrency * slots.gpus_per_trial),
        debug=out.debug,
        preload=_IN_WORKERS,
        meanwhile=_IN_DRIVER,
        say=out.warn,
    )
