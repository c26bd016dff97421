"""The cross-entropy head, which stands on the embeddings in training."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tune_dml.models.dropout import QuickDropout


class ClassificationHead(nn.Linear):
    """Class logits ``[n, classes]`` of embeddings ``[n, dimension]``.

    Args:
        kind: ``linear``, or ``mlp``: a dense layer of the embeddings' size and a tanh come first, as in RoBERTa (Liu et
            al. 2019, arXiv 1907.11692).
        dropout: Before each linear layer, in training.
    """

    def __init__(self, kind: str, dimension: int, classes: int, dropout: float) -> None:
        super().__init__(dimension, classes)
        self.dropout = QuickDropout(dropout)
        self.dense = nn.Linear(dimension, dimension) if kind == "mlp" else None

    def forward(self, embeddings: Tensor) -> Tensor:
        hidden = self.dropout(embeddings)
        if self.dense is not None:
            hidden = self.dropout(torch.tanh(self.dense(hidden)))
        return super().forward(hidden)
