"""Vectors of texts by an encoder as it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from tune_dml.models.precision import autocast
from tune_dml.models.prefix import LayeredEncoder
from tune_dml.models.representation import pool
from tune_dml.models.tokens import TokenArrays

SCORING_BATCH = 64


@torch.no_grad()
def embed(
    encoder: LayeredEncoder,
    tokens: TokenArrays,
    representation: str,
    max_length: int,
    device: torch.device,
    precision: str = "float32",
) -> npt.NDArray[np.float32]:
    """Vectors of texts in evaluation mode, float32 ``[texts, dimension]``; batches are of similar lengths."""
    encoder.eval()
    result: npt.NDArray[np.float32] | None = None
    for rows in by_length(tokens, SCORING_BATCH):
        batch = tokens.batch(rows, device, max_length)
        with autocast(device, precision):
            hidden = encoder(batch)
        vectors = pool(hidden, batch.mask, representation).cpu().numpy()
        if result is None:
            result = np.empty((len(tokens), vectors.shape[1]), dtype=np.float32)
        result[rows] = vectors
    return np.empty((0, 0), dtype=np.float32) if result is None else result


def by_length(tokens: TokenArrays, size: int) -> list[npt.NDArray[np.int64]]:
    """Positions of texts of similar lengths, ``size`` at a time."""
    order = np.argsort(tokens.lengths, kind="stable")
    return [order[start : start + size] for start in range(0, len(order), size)]
