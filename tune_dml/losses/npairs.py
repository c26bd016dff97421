"""N-pairs: one pair per class in the batch, told apart by a softmax over inner products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Float
from tune_dml.losses.loss_spec import LossSpec, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.distances import DotProductSimilarity
    from pytorch_metric_learning.losses import NPairsLoss
    from pytorch_metric_learning.regularizers import LpRegularizer

    # The paper takes plain inner products and keeps the norms small by a penalty; unit vectors would
    # leave the softmax with logits between -1 and 1 and next to no gradient.
    module: nn.Module = NPairsLoss(
        distance=DotProductSimilarity(normalize_embeddings=False),
        embedding_regularizer=LpRegularizer(p=2, power=2),
        embedding_reg_weight=params["l2"],
    )
    return module


SPEC = LossSpec(
    name="npairs",
    paper="Sohn 2016, NIPS 29, 'Improved Deep Metric Learning with Multi-class N-pair Loss Objective'",
    build=_build,
    hyperparameters={
        "l2": Hyperparameter(
            0.002, Float(0.0002, 0.05, log=True), "the paper penalises norms, weight not given: range ours"
        ),
    },
    needs_positives=True,
    needs_negatives=True,
    check=positive("l2"),
)
