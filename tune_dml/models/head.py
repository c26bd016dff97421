"""What stands on the embeddings in training: the cross-entropy head, and the projection that a metric loss sees."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ClassificationHead(nn.Linear):
    """Class logits ``[n, classes]`` of embeddings ``[n, dimension]``.

    Args:
        kind: ``linear``, or ``mlp``: a dense layer of the embeddings' size and a tanh come first, as in RoBERTa (Liu et
            al. 2019, arXiv 1907.11692).
        dropout: Before each linear layer, in training.
    """

    def __init__(self, kind: str, dimension: int, classes: int, dropout: float) -> None:
        super().__init__(dimension, classes)
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear(dimension, dimension) if kind == "mlp" else None

    def forward(self, embeddings: Tensor) -> Tensor:
        hidden = self.dropout(embeddings)
        if self.dense is not None:
            hidden = self.dropout(torch.tanh(self.dense(hidden)))
        return super().forward(hidden)


def make_projection(kind: str, dimension: int, size: int) -> nn.Module | None:
    """What maps embeddings ``[n, dimension]`` to the ``[n, size]`` that the metric loss sees; ``None`` for ``none``.

    ``linear``, or ``mlp`` with one hidden layer (Khosla et al. 2020, arXiv 2004.11362).
    """
    if kind == "none":
        return None
    if kind == "linear":
        return nn.Linear(dimension, size)
    return nn.Sequential(nn.Linear(dimension, dimension), nn.ReLU(), nn.Linear(dimension, size))
