"""Lifted structure: each positive pair against all negatives of both its ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Float
from tune_dml.losses.loss_spec import LossSpec, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import LiftedStructureLoss

    from tune_dml.losses.mining import with_pairs_sampled

    return with_pairs_sampled(LiftedStructureLoss(neg_margin=params["margin"]))


SPEC = LossSpec(
    name="lifted_structure",
    paper="Song et al. 2016, arXiv 1511.06452; distances between unit vectors",
    build=_build,
    hyperparameters={
        "margin": Hyperparameter(1.0, Float(0.2, 2.0), "paper: 1; distances lie between 0 and 2: range ours"),
    },
    needs_positives=True,
    needs_negatives=True,
    check=positive("margin"),
)
