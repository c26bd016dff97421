"""The cross-entropy head, which stands on the embeddings in training."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tune_dml.models.dropout import QuickDropout
from tune_dml.models.word_head import ACTIVATIONS, WordHead


class ClassificationHead(nn.Linear):
    """Class logits ``[n, classes]`` of embeddings ``[n, dimension]``.

    Args:
        kind: ``linear``, or ``mlp``: a dense layer of the embeddings' size and a tanh come first, as in RoBERTa (Liu et
            al. 2019, arXiv 1907.11692).
        dropout: Before each linear layer, in training.
        words: The encoder's masked-LM head, whose transform comes first; classes begin as its rows, if it has them.
    """

    def __init__(self, kind: str, dimension: int, classes: int, dropout: float, words: WordHead | None = None) -> None:
        super().__init__(dimension if words is None else words.width, classes)
        self.dropout = QuickDropout(dropout)
        self.dense = nn.Linear(dimension, dimension) if kind == "mlp" else None
        self.transform = None if words is None else WordTransform(words)
        self._begins_as_words = False
        if words is not None and words.rows is not None and words.row_bias is not None:
            self._begins_as_words = True
            with torch.no_grad():
                self.weight.copy_(torch.from_numpy(words.rows))
                self.bias.copy_(torch.from_numpy(words.row_bias))

    def learnt_before(self) -> list[nn.Parameter]:
        """Parameters that do not begin at random."""
        found = [] if self.transform is None else list(self.transform.parameters())
        return [*found, *self.parameters(recurse=False)] if self._begins_as_words else found

    def forward(self, embeddings: Tensor) -> Tensor:
        hidden = self.dropout(embeddings if self.transform is None else self.transform(embeddings))
        if self.dense is not None:
            hidden = self.dropout(torch.tanh(self.dense(hidden)))
        return super().forward(hidden)


class WordTransform(nn.Module):
    """What a masked-LM head makes of vectors ``[n, dimension]`` before it compares them with words: ``[n, width]``."""

    def __init__(self, words: WordHead) -> None:
        super().__init__()
        width, dimension = words.weight.shape
        self.dense, self.norm = nn.Linear(dimension, width), nn.LayerNorm(width, eps=words.epsilon)
        self._name = words.activation
        # Read-outs have nothing but a module's arrays.
        self.register_buffer("activation", torch.tensor([float(ACTIVATIONS.index(words.activation))]))
        self.register_buffer("epsilon", torch.tensor([words.epsilon]))
        with torch.no_grad():
            for parameter, array in (
                *((self.dense.weight, words.weight), (self.dense.bias, words.bias)),
                *((self.norm.weight, words.norm_weight), (self.norm.bias, words.norm_bias)),
            ):
                parameter.copy_(torch.from_numpy(array))

    def forward(self, vectors: Tensor) -> Tensor:
        found: Tensor = self.norm(_activated(self._name, self.dense(vectors)))
        return found


def _activated(name: str, values: Tensor) -> Tensor:
    if name in ("gelu", "gelu_new"):
        return nn.functional.gelu(values, approximate="none" if name == "gelu" else "tanh")
    return nn.functional.relu(values) if name == "relu" else nn.functional.silu(values)
