"""Contrastive loss: pairs of a class closer than one margin, other pairs further apart than another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Choice, Float
from tune_dml.losses.loss_spec import LossSpec, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import ContrastiveLoss

    from tune_dml.losses.mining import with_miner

    # Euclidean between unit vectors, 0 to 2, which is what the margins are given in.
    loss = ContrastiveLoss(pos_margin=params["pos_margin"], neg_margin=params["neg_margin"])
    return with_miner(loss, params["miner"])


SPEC = LossSpec(
    name="contrastive",
    paper="Hadsell et al. 2006, CVPR; hinges not squared, as in Musgrave et al. 2020, arXiv 2003.08505",
    build=_build,
    hyperparameters={
        "pos_margin": Hyperparameter(0.0, Float(0.0, 0.4), "paper: 0; distances lie between 0 and 2: range ours"),
        "neg_margin": Hyperparameter(
            0.5, Float(0.2, 1.4), "papers: 0.5 to 1; at 1.4 vectors are orthogonal: range ours"
        ),
        "miner": Hyperparameter("none", Choice(("none", "hard", "multi_similarity")), "paper: none"),
    },
    needs_positives=False,
    check=positive("neg_margin"),
)
