"""Normalized softmax: a softmax over cosines to one learned vector per class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Float
from tune_dml.losses.loss_spec import LossSpec, library_logits, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import NormalizedSoftmaxLoss

    module: nn.Module = NormalizedSoftmaxLoss(
        num_classes=classes,
        embedding_size=dimension,
        temperature=params["temperature"],
    )
    return module


SPEC = LossSpec(
    name="normalized_softmax",
    paper="Zhai and Wu 2019, arXiv 1811.12649",
    build=_build,
    hyperparameters={
        "temperature": Hyperparameter(0.05, Float(0.02, 0.5, log=True), "paper: 0.05; tuned optima 0.06 to 0.11"),
    },
    owns_parameters=True,
    logits=library_logits,
    check=positive("temperature"),
)
