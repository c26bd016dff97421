"""What training and scoring feed to the encoder."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tune_dml.models.embedding import SCORING_BATCH, by_length
from tune_dml.models.prefix import LayeredEncoder
from tune_dml.models.tokens import TokenArrays


class TrainingInputs:
    """Training texts, batch by batch; where layers are frozen, what those give is computed once and kept."""

    def __init__(self, encoder: LayeredEncoder, tokens: TokenArrays, max_length: int, device: torch.device) -> None:
        self.encoder, self.tokens, self.max_length, self.device = encoder, tokens, max_length, device
        self._kept: list[Tensor] | None = None

    def hidden(self, rows: npt.NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Last hidden states ``[rows, tokens, dimension]`` and the mask ``[rows, tokens]`` of real tokens."""
        batch = self.tokens.batch(rows, self.device, self.max_length)
        if not self.encoder.has_prefix:
            return self.encoder(batch), batch.mask
        if self._kept is None:
            self._kept = self._prefixes()
        states = pad_states([self._kept[row] for row in rows], batch.ids.shape[1])
        return self.encoder.top(states, batch), batch.mask

    def _prefixes(self) -> list[Tensor]:
        kept: list[Tensor] = [torch.empty(0)] * len(self.tokens)
        for rows in by_length(self.tokens, SCORING_BATCH):
            batch = self.tokens.batch(rows, self.device, self.max_length)
            states = self.encoder.prefix(batch)
            for i, row in enumerate(rows):
                kept[row] = states[i, : int(batch.mask[i].sum())].clone()
        return kept


def pad_states(states: list[Tensor], width: int) -> Tensor:
    """Stack ``[length_i, dimension]`` states to ``[n, width, dimension]``, zeros after each one's end."""
    padded = states[0].new_zeros((len(states), width, states[0].shape[-1]))
    for i, state in enumerate(states):
        padded[i, : len(state)] = state
    return padded
