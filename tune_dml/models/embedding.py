"""Vectors of texts by an encoder as it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from tune_dml.models.kept import KeptStates
from tune_dml.models.precision import autocast
from tune_dml.models.prefix import LayeredEncoder
from tune_dml.models.representation import after_mask, combined, pool
from tune_dml.models.tokens import TokenArrays, by_length
from tune_dml.models.vocabulary import check_known

SCORING_BATCH = 64


@torch.no_grad()
def embed(
    encoder: LayeredEncoder,
    tokens: TokenArrays,
    representation: str,
    max_length: int,
    device: torch.device,
    precision: str = "float32",
    kept: KeptStates | None = None,
    pair_encoding: str = "joint",
) -> npt.NDArray[np.float32]:
    """Vectors of examples in evaluation mode, float32 ``[examples, dimension]``; batches are of similar lengths.

    Args:
        tokens: As :func:`tune_dml.models.representation.prepared` gives them.
        kept: What the frozen layers gave for these texts, if that is known: they are not run again.

    Raises:
        ModelError: a text has a token that the encoder does not know.
    """
    encoder.eval()
    check_known(tokens, encoder.rows, pair_encoding)
    result: npt.NDArray[np.float32] | None = None
    for rows in by_length(tokens, SCORING_BATCH):
        batch = tokens.batch(rows, device, max_length)
        with autocast(device, precision):
            hidden = encoder(batch) if kept is None else encoder.top(kept.padded(rows, batch), batch)
        places = None if tokens.masks is None else torch.from_numpy(tokens.masks[rows]).to(device)
        vectors = pool(hidden, batch.mask, representation, after_mask(tokens), places).cpu().numpy()
        if result is None:
            result = np.empty((len(tokens), vectors.shape[1]), dtype=np.float32)
        result[rows] = vectors
    if result is None:
        return np.empty((0, 0), dtype=np.float32)
    return combined(torch.from_numpy(result), pair_encoding).numpy()
