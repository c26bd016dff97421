"""What training feeds to the encoder: batches in parts of similar lengths."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tune_dml.models.kept import KeptStates
from tune_dml.models.prefix import LayeredEncoder
from tune_dml.models.tokens import TokenArrays, both
from tune_dml.models.unpadded import runs_unpadded

#: What a further forward pass costs on a CPU, in tokens: below this, padding is cheaper than parting a batch.
_TOKENS_PER_PASS = 64
_Rows = npt.NDArray[np.int64]


class TrainingInputs:
    """Training texts, batch by batch.

    Args:
        tokens: Texts; with ``towers`` twice as many as there are examples, as :attr:`TokenArrays.towers` has them.
        kept: What frozen layers gave for them, where that is kept; where it is not, those run in every step.
    """

    def __init__(
        self,
        encoder: LayeredEncoder,
        tokens: TokenArrays,
        max_length: int,
        device: torch.device,
        kept: KeptStates | None = None,
        towers: bool = False,
    ) -> None:
        self.towers = towers
        self.encoder, self.tokens, self.max_length, self.device, self.kept = encoder, tokens, max_length, device, kept
        lengths = np.minimum(tokens.lengths, max_length)
        self.lengths: _Rows = lengths.reshape(-1, 2).max(axis=1) if towers else lengths

    def parts(self, rows: _Rows) -> list[_Rows]:
        """The rows of one batch by rising length, parted where that saves more padding than a further pass costs.

        A GPU is never kept busy by a few texts: there all go together, and so they do where padding costs nothing.
        """
        ordered = rows[np.argsort(self.lengths[rows], kind="stable")]
        if self.device.type != "cpu" or runs_unpadded(self.encoder.encoder, self.device):
            return [ordered]
        return [ordered[start:end] for start, end in cheapest_parts(self.lengths[ordered], _TOKENS_PER_PASS)]

    def of(self, rows: _Rows | None) -> TokenArrays:
        """The texts of the examples at ``rows``; ``None``: all."""
        if rows is None:
            return self.tokens
        return self.tokens.take(both(rows) if self.towers else rows)

    def hidden(self, rows: _Rows) -> tuple[Tensor, Tensor]:
        """Of the texts of the examples at ``rows``: last hidden states ``[texts, tokens, dimension]`` and the mask of
        real tokens, ``[texts, tokens]``."""
        rows = both(rows) if self.towers else rows
        batch = self.tokens.batch(rows, self.device, self.max_length)
        if not self.encoder.has_prefix:
            return self.encoder(batch), batch.mask
        states = self.encoder.prefix(batch) if self.kept is None else self.kept.padded(rows, batch)
        return self.encoder.top(states, batch), batch.mask


def cheapest_parts(lengths: _Rows, per_part: int) -> list[tuple[int, int]]:
    """Where to part texts of rising ``lengths``: ``(start, end)`` of each part.

    The sum over parts of ``texts * longest + per_part`` is the least there is.
    """
    cost = [0] * (len(lengths) + 1)
    begins = [0] * (len(lengths) + 1)
    for end in range(1, len(lengths) + 1):
        longest = int(lengths[end - 1])
        totals = [cost[start] + (end - start) * longest + per_part for start in range(end)]
        begins[end] = int(np.argmin(totals))
        cost[end] = totals[begins[end]]
    parts: list[tuple[int, int]] = []
    end = len(lengths)
    while end:
        parts.append((begins[end], end))
        end = begins[end]
    return parts[::-1]
