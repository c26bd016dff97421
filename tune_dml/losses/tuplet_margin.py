"""Tuplet margin: a softmax over cosines of one positive and all negatives, with slack on the positive's angle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Float
from tune_dml.losses.loss_spec import LossSpec, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import TupletMarginLoss

    from tune_dml.losses.distances import inner_cosine
    from tune_dml.losses.mining import with_pairs_sampled

    return with_pairs_sampled(TupletMarginLoss(margin=params["margin"], scale=params["scale"], distance=inner_cosine()))


SPEC = LossSpec(
    name="tuplet_margin",
    paper="Yu and Tao 2019, ICCV, 'Deep Metric Learning with Tuplet Margin Loss'",
    build=_build,
    hyperparameters={
        "margin": Hyperparameter(5.73, Float(0.0, 20.0), "degrees; paper: 5.73; range ours"),
        "scale": Hyperparameter(64.0, Float(8.0, 128.0, log=True), "paper: 64; range ours"),
    },
    needs_positives=True,
    needs_negatives=True,
    check=positive("scale"),
)
