"""ArcFace: a softmax over cosines to one learned vector per class, with a margin on the angle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Float
from tune_dml.losses.loss_spec import LossSpec, library_logits, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import ArcFaceLoss

    from tune_dml.losses.distances import inner_cosine

    module: nn.Module = ArcFaceLoss(
        num_classes=classes,
        embedding_size=dimension,
        margin=params["margin"],
        scale=params["scale"],
        distance=inner_cosine(),
    )
    return module


SPEC = LossSpec(
    name="arcface",
    paper="Deng et al. 2019, arXiv 1801.07698",
    build=_build,
    hyperparameters={
        "margin": Hyperparameter(28.6, Float(5.0, 40.0), "degrees; paper: 28.6; tuned optima 18 to 23"),
        "scale": Hyperparameter(64.0, Float(8.0, 128.0, log=True), "paper: 64; tuned optima 50 to 220; lower end ours"),
    },
    owns_parameters=True,
    logits=library_logits,
    check=positive("scale"),
)
