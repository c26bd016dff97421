"""ProxyNCA: neighbourhood components analysis against one learned proxy per class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Float
from tune_dml.losses.loss_spec import LossSpec, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import Tensor, nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import ProxyNCALoss

    module: nn.Module = ProxyNCALoss(num_classes=classes, embedding_size=dimension, softmax_scale=params["scale"])
    return module


def _logits(module: nn.Module, embeddings: Tensor) -> Tensor:
    # The library's distance is the squared Euclidean one of unit vectors: smaller is nearer.
    scores: Tensor = -module.softmax_scale * module.get_logits(embeddings)  # type: ignore[operator]
    return scores


SPEC = LossSpec(
    name="proxy_nca",
    paper="Movshovitz-Attias et al. 2017, arXiv 1703.07464",
    build=_build,
    hyperparameters={
        "scale": Hyperparameter(
            8.0, Float(1.0, 32.0, log=True), "paper: 1; tuned optima 8 to 14, explored 0.01 to 100"
        ),
    },
    owns_parameters=True,
    logits=_logits,
    check=positive("scale"),
)
