"""Circle loss: each pair weighted by how far it is from where it should be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Float
from tune_dml.losses.loss_spec import LossSpec, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import CircleLoss

    module: nn.Module = CircleLoss(m=params["m"], gamma=params["gamma"])
    return module


SPEC = LossSpec(
    name="circle",
    paper="Sun et al. 2020, arXiv 2002.10857 (pair-wise labels)",
    build=_build,
    hyperparameters={
        "m": Hyperparameter(0.4, Float(0.05, 0.6), "paper: 0.25 to 0.4"),
        "gamma": Hyperparameter(80.0, Float(8.0, 256.0, log=True), "paper: 80 to 256; lower end ours"),
    },
    needs_positives=True,
    needs_negatives=True,
    check=positive("gamma"),
)
