"""Distances that the library does not have."""

from __future__ import annotations

import torch
from pytorch_metric_learning.distances import CosineSimilarity

#: An angle's derivative by its cosine is infinite at 1 and -1; rounding takes cosines beyond them.
LARGEST_COSINE = 1.0 - 1e-6


class _InnerCosine(CosineSimilarity):  # type: ignore[misc]
    def compute_mat(self, query_emb: torch.Tensor, ref_emb: torch.Tensor) -> torch.Tensor:
        cosines: torch.Tensor = super().compute_mat(query_emb, ref_emb)
        return cosines.clamp(-LARGEST_COSINE, LARGEST_COSINE)


def inner_cosine() -> CosineSimilarity:
    """Cosine similarity, kept a millionth away from 1 and -1: for losses that take angles."""
    return _InnerCosine()
