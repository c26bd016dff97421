"""How many trials run at a time, and what each takes of the machines."""

from __future__ import annotations

from tune_dml.driver.request import SearchRequest
from tune_dml.errors import UsageError
from tune_dml.execution.machines import Machines, Slots
from tune_dml.execution.this_machine import cores


def gpu_share(request: SearchRequest, gpus: int) -> float:
    """GPUs per trial: one where there is a GPU, unless asked otherwise.

    Raises:
        UsageError: GPUs are asked for, and there is none.
    """
    if request.gpus_per_trial and not gpus and request.address is None:
        raise UsageError(
            f"--gpus-per-trial is {request.gpus_per_trial:g}, but no GPU is visible here; leave it out, or "
            "give the cluster that has some with --address."
        )
    return request.gpus_per_trial if request.gpus_per_trial is not None else (1.0 if gpus else 0.0)


def slots_of(request: SearchRequest, gpus: int, machines: Machines | None = None) -> Slots:
    """As many trials at a time as were asked for, or as fit on the cluster's ``machines``, or on this machine.

    Raises:
        UsageError: as :func:`gpu_share`.
    """
    gpus_per_trial = gpu_share(request, gpus)
    if machines is not None:
        fit = machines.slots(request.cpus_per_trial, gpus_per_trial)
    else:
        fit = int(gpus / gpus_per_trial) if gpus_per_trial else int(cores() / request.cpus_per_trial + 1e-9)
    slots = request.concurrency if isinstance(request.concurrency, int) else max(1, fit)
    if request.max_gpus is not None and gpus_per_trial:
        slots = min(slots, max(1, int(request.max_gpus / gpus_per_trial + 1e-9)))
    return Slots(slots, request.cpus_per_trial, gpus_per_trial)
