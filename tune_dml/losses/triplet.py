"""Triplet margin loss over the triplets of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Float
from tune_dml.losses.spec import Hyperparameter, LossSpec

if TYPE_CHECKING:
    from torch import nn

#: All triplets of a batch of n examples are of the order of n cubed: too many once every token is an example. Batches
#: of more examples than this take a random sample of triplets for each anchor instead.
ALL_TRIPLETS_UP_TO = 64
TRIPLETS_PER_ANCHOR = 64


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import TripletMarginLoss

    module: nn.Module = TripletMarginLoss(margin=params["margin"], triplets_per_anchor="all")
    module.register_forward_pre_hook(_choose_triplets)
    return module


def _choose_triplets(module: Any, args: tuple[Any, ...]) -> None:
    module.triplets_per_anchor = "all" if len(args[0]) <= ALL_TRIPLETS_UP_TO else TRIPLETS_PER_ANCHOR


SPEC = LossSpec(
    name="triplet",
    paper="Schroff et al. 2015 (FaceNet), arXiv 1503.03832",
    build=_build,
    hyperparameters={
        "margin": Hyperparameter(0.1, Float(0.02, 1.0, log=True), "published 0.05 to 0.2; tuned optima 0.045 to 0.14"),
    },
    needs_positives=True,
)
