"""Weights of modules as arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from torch import nn


def state_of(module: nn.Module | None) -> dict[str, npt.NDArray[np.float32]]:
    """A copy of each tensor by its name; of no module, nothing."""
    if module is None:
        return {}
    return {name: tensor.detach().float().cpu().numpy().copy() for name, tensor in module.state_dict().items()}
