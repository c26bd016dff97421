"""Margin loss: positives within, negatives beyond a distance that is learned for each class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Choice, Float
from tune_dml.losses.loss_spec import LossSpec, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import MarginLoss

    from tune_dml.losses.mining import with_miner

    loss = MarginLoss(
        margin=params["margin"], nu=params["nu"], beta=params["beta"], learn_beta=True, num_classes=classes
    )
    return with_miner(loss, params["miner"], triplets=True)


SPEC = LossSpec(
    name="margin",
    paper="Wu et al. 2017, arXiv 1706.07567; all triplets instead of distance-weighted ones",
    build=_build,
    hyperparameters={
        "margin": Hyperparameter(0.2, Float(0.02, 0.6), "paper: 0.2; range ours"),
        "beta": Hyperparameter(1.2, Float(0.5, 1.4), "where the learned distance starts; paper: 1.2"),
        "nu": Hyperparameter(0.0, Float(0.0, 0.1), "penalty on the learned distance; paper: 0"),
        "miner": Hyperparameter("none", Choice(("none", "semihard", "hard")), "paper: distance-weighted sampling"),
    },
    owns_parameters=True,
    needs_positives=True,
    needs_negatives=True,
    check=positive("margin", "beta"),
)
