"""Sub-center ArcFace: several learned vectors per class, of which the nearest counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Int
from tune_dml.losses import arcface
from tune_dml.losses.loss_spec import LossSpec, library_logits, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import SubCenterArcFaceLoss

    from tune_dml.losses.distances import inner_cosine

    module: nn.Module = SubCenterArcFaceLoss(
        num_classes=classes,
        embedding_size=dimension,
        margin=params["margin"],
        scale=params["scale"],
        sub_centers=params["centers"],
        distance=inner_cosine(),
    )
    return module


SPEC = LossSpec(
    name="subcenter_arcface",
    paper="Deng et al. 2020, ECCV, 'Sub-center ArcFace: Boosting Face Recognition by Large-scale Noisy Web Faces'",
    build=_build,
    hyperparameters={
        **arcface.SPEC.hyperparameters,
        "centers": Hyperparameter(3, Int(2, 10), "paper: 3"),
    },
    owns_parameters=True,
    logits=library_logits,
    check=positive("scale", "centers"),
)
