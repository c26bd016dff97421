"""Neighbourhood components analysis: the chance that a random neighbour is of the own class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Float
from tune_dml.losses.loss_spec import LossSpec, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import NCALoss

    from tune_dml.losses.mining import where_positives

    # Squared Euclidean between unit vectors.
    return where_positives(NCALoss(softmax_scale=params["scale"]))


SPEC = LossSpec(
    name="nca",
    paper="Goldberger et al. 2004, NIPS 17; with the scale of its proxy form, arXiv 1703.07464",
    build=_build,
    hyperparameters={
        # Beyond 20, neighbours at the far side of the sphere have probabilities below what float32 can hold.
        "scale": Hyperparameter(5.0, Float(1.0, 20.0, log=True), "paper: none (1, norms learned); range ours"),
    },
    needs_positives=True,
    needs_negatives=True,
    check=positive("scale"),
)
