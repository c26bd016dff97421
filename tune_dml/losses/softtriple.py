"""SoftTriple: several learned centers per class, softly assigned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Float, Int
from tune_dml.losses.loss_spec import LossSpec, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import Tensor, nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import SoftTripleLoss
    from pytorch_metric_learning.regularizers import SparseCentersRegularizer

    # A class with one center has none to bring together.
    regularised = params["tau"] > 0 and params["centers"] > 1
    module: nn.Module = SoftTripleLoss(
        num_classes=classes,
        embedding_size=dimension,
        centers_per_class=params["centers"],
        la=params["la"],
        gamma=params["gamma"],
        margin=params["margin"],
        weight_regularizer=SparseCentersRegularizer(classes, params["centers"]) if regularised else None,
        weight_reg_weight=params["tau"],
    )
    return module


def _logits(module: nn.Module, embeddings: Tensor) -> Tensor:
    scores: Tensor = module.la * module.get_logits(embeddings)  # type: ignore[operator]
    return scores


SPEC = LossSpec(
    name="softtriple",
    paper="Qian et al. 2019, arXiv 1909.05235",
    build=_build,
    hyperparameters={
        "la": Hyperparameter(
            20.0, Float(4.0, 80.0, log=True), "paper: 20; tuned optima 18 to 100, few-shot text 3.3 to 9"
        ),
        "gamma": Hyperparameter(0.1, Float(0.01, 1.0, log=True), "paper: 0.1"),
        "margin": Hyperparameter(0.1, Float(0.0, 0.7), "paper: 0.01; tuned optima 0.31 to 0.70"),
        "centers": Hyperparameter(5, Int(1, 25, log=True), "paper: 10; few-shot text 5 to 25"),
        "tau": Hyperparameter(0.0, Float(0.0, 1.0), "weight of the centers' regulariser; paper: 0.2; 0 is off"),
    },
    owns_parameters=True,
    logits=_logits,
    check=positive("la", "gamma", "centers"),
)
