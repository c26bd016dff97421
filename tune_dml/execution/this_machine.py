"""What this machine has for trials."""

from __future__ import annotations

import math
import sys
from pathlib import Path

from tune_dml.execution.limits import Limits, limits
from tune_dml.execution.machines import Machines, Offer

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


def visible_gpus() -> int:
    """Of this machine."""
    if sys.platform == "linux" and not any(Path(device).exists() for device in _GPU_DEVICES):
        return 0
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0
