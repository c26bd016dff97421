"""Triplet margin loss over the triplets of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Choice, Float
from tune_dml.losses.loss_spec import LossSpec
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import TripletMarginLoss

    from tune_dml.losses.mining import with_miner

    return with_miner(TripletMarginLoss(margin=params["margin"]), params["miner"], triplets=True)


SPEC = LossSpec(
    name="triplet",
    paper="Schroff et al. 2015 (FaceNet), arXiv 1503.03832",
    build=_build,
    hyperparameters={
        "margin": Hyperparameter(0.1, Float(0.02, 1.0, log=True), "published 0.05 to 0.2; tuned optima 0.045 to 0.14"),
        "miner": Hyperparameter("none", Choice(("none", "semihard", "hard")), "FaceNet: semihard; here all triplets"),
    },
    needs_positives=True,
    needs_negatives=True,
)
