"""NT-Xent: each positive pair told apart from the anchor's negatives by a softmax over cosines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_dml.config import Float
from tune_dml.losses.loss_spec import LossSpec, positive
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import nn


def _build(classes: int, dimension: int, params: Mapping[str, Any]) -> nn.Module:
    from pytorch_metric_learning.losses import NTXentLoss

    from tune_dml.losses.mining import with_pairs_sampled

    return with_pairs_sampled(NTXentLoss(temperature=params["temperature"]))


SPEC = LossSpec(
    name="ntxent",
    paper="Chen et al. 2020 (SimCLR), arXiv 2002.05709; all pairs of a class as its positives",
    build=_build,
    hyperparameters={
        "temperature": Hyperparameter(0.1, Float(0.03, 0.7, log=True), "papers: 0.07 to 0.1; explored 0.01 to 0.7"),
    },
    needs_positives=True,
    needs_negatives=True,
    check=positive("temperature"),
)
