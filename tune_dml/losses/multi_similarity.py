"""Multi-Similarity: pairs weighted by their own and their neighbours' similarity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Choice, Float
from tune_dml.losses.loss_spec import LossSpec, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import MultiSimilarityLoss

    from tune_dml.losses.mining import with_miner

    loss = MultiSimilarityLoss(alpha=params["alpha"], beta=params["beta"], base=params["base"])
    return with_miner(loss, params["miner"])


SPEC = LossSpec(
    name="multi_similarity",
    paper="Wang et al. 2019, arXiv 1904.06627",
    build=_build,
    hyperparameters={
        "alpha": Hyperparameter(2.0, Float(0.1, 15.0, log=True), "paper: 2; explored 0.01 to 15"),
        "beta": Hyperparameter(50.0, Float(10.0, 80.0, log=True), "paper: 50; tuned optima 47 to 76"),
        "base": Hyperparameter(0.5, Float(0.2, 0.9), "paper: 0.5; tuned optima 0.4 to 0.8"),
        "miner": Hyperparameter("multi_similarity", Choice(("none", "multi_similarity")), "paper: its own, margin 0.1"),
    },
    needs_positives=True,
    needs_negatives=True,
    check=positive("alpha", "beta"),
)
