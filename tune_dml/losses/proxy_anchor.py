"""Proxy-Anchor: each class proxy pulls its examples and pushes the others, hard ones most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Float
from tune_dml.losses.loss_spec import LossSpec, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import Tensor, nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import ProxyAnchorLoss

    module: nn.Module = ProxyAnchorLoss(
        num_classes=classes, embedding_size=dimension, margin=params["margin"], alpha=params["alpha"]
    )
    return module


def _logits(module: nn.Module, embeddings: Tensor) -> Tensor:
    scores: Tensor = module.alpha * module.get_logits(embeddings)  # type: ignore[operator]
    return scores


SPEC = LossSpec(
    name="proxy_anchor",
    paper="Kim et al. 2020, arXiv 2003.13911",
    build=_build,
    hyperparameters={
        "alpha": Hyperparameter(32.0, Float(1.0, 64.0, log=True), "paper: 32; range of fair searches 1 to 64"),
        "margin": Hyperparameter(0.1, Float(0.0, 0.5), "paper: 0.1; range of fair searches 0 to 0.5"),
    },
    owns_parameters=True,
    logits=_logits,
    check=positive("alpha"),
)
