"""CosFace: a softmax over cosines to one learned vector per class, with a margin on the cosine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Float
from tune_dml.losses.loss_spec import LossSpec, library_logits, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import CosFaceLoss

    module: nn.Module = CosFaceLoss(
        num_classes=classes,
        embedding_size=dimension,
        margin=params["margin"],
        scale=params["scale"],
    )
    return module


SPEC = LossSpec(
    name="cosface",
    paper="Wang et al. 2018, arXiv 1801.09414",
    build=_build,
    hyperparameters={
        "margin": Hyperparameter(0.35, Float(0.0, 0.7), "paper: 0.35; tuned optima 0.34 to 0.62"),
        "scale": Hyperparameter(64.0, Float(8.0, 160.0, log=True), "paper: 64; tuned optima 88 to 162; lower end ours"),
    },
    owns_parameters=True,
    logits=library_logits,
    check=positive("scale"),
)
