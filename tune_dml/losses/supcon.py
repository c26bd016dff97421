"""Supervised contrastive loss: every example of the own class in the batch is a positive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Float
from tune_dml.losses.loss_spec import LossSpec, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import SupConLoss

    module: nn.Module = SupConLoss(temperature=params["temperature"])
    return module


SPEC = LossSpec(
    name="supcon",
    paper="Khosla et al. 2020, arXiv 2004.11362; for text Gunel et al. 2021, arXiv 2011.01403",
    build=_build,
    hyperparameters={
        "temperature": Hyperparameter(0.1, Float(0.03, 0.7, log=True), "papers: 0.07 to 0.1; for text 0.1 to 0.7"),
    },
    needs_positives=True,
    needs_negatives=True,
    check=positive("temperature"),
)
