"""Rare classes count more in cross entropy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tune_dml.config.domains import Choice
from tune_dml.recipe.hyperparameter import Hyperparameter
from tune_dml.recipe.ingredient import Ingredient

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def class_weights(kind: str, labels: npt.NDArray[np.int64], classes: int, device: torch.device) -> Tensor | None:
    """Of cross entropy, float32 ``[classes]``: 1 for a class of average frequency, and for one that does not occur;
    ``None``: all alike."""
    import torch

    if kind == "equal":
        return None
    counts = np.bincount(labels, minlength=classes)
    weights = np.where(counts > 0, len(labels) / (classes * np.maximum(counts, 1)), 1.0)
    return torch.tensor(weights, dtype=torch.float32, device=device)


SPEC = Ingredient(
    name="class_weights",
    description="how much each class counts in cross entropy",
    hyperparameters={
        "kind": Hyperparameter(
            "equal", Choice(("equal", "balanced")), "balanced: by the inverse of the class's frequency"
        )
    },
    switch="kind",
    flat={"kind": "class_weights"},
)
