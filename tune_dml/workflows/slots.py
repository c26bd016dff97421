"""How many trials run at a time, and what each takes of the machines."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path

from tune_dml.errors import UsageError
from tune_dml.execution.limits import Limits, limits
from tune_dml.execution.machines import Machines, Offer
from tune_dml.workflows.request import SearchRequest

#: One of them is there where PyTorch could find a GPU (NVIDIA's driver, the same under WSL, AMD's). Importing PyTorch
#: only to hear that there is none takes seconds.
_GPU_DEVICES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")


def cores() -> float:
    """Cores that this process may use; a fraction where a container's quota is one."""
    return limits().cores


def this_machine(own: Limits, gpus: int) -> Machines:
    """What trials may take of this machine."""
    return Machines((Offer("this machine", 1, own.cores, gpus, own.memory),))


def no_more_threads_than_cores() -> None:
    """PyTorch computes in a thread for each core that it sees. Where a quota gives less, they are all stopped for most
    of the time."""
    import torch

    fit = max(1, math.ceil(cores()))
    if torch.get_num_threads() > fit:
        torch.set_num_threads(fit)


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


@dataclass(frozen=True)
class Slots:
    """Trials at a time, and what each takes."""

    concurrency: int
    cpus_per_trial: float
    gpus_per_trial: float


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


def visible_gpus() -> int:
    """Of this machine."""
    if sys.platform == "linux" and not any(Path(device).exists() for device in _GPU_DEVICES):
        return 0
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0
