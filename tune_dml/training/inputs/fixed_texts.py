"""Texts that stay the same in every step: batches in parts of similar lengths."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import Tensor

from tune_dml.models.representation import after_mask, examples, pool
from tune_dml.models.tokens import TokenArrays
from tune_dml.models.unpadded import runs_unpadded
from tune_dml.training.inputs.input import Rows
from tune_dml.training.model import Model

#: What a further forward pass costs on a CPU, in tokens: below this, padding is cheaper than parting a batch.
_TOKENS_PER_PASS = 64


class FixedTexts:
    """An :class:`tune_dml.training.inputs.input.Input` of one text, or joint pair, per example.

    What frozen layers give for them is kept where it may be; where not, those layers run in every step.

    Args:
        tokens: Texts before they are prepared.
        each: How many texts an example has, one after another.
        texts_of: Where the texts of the examples at some rows are.
        combine: Makes one vector of those of an example's texts.
        prepared: What is read, where that is something else than the model has of the texts.
    """

    def __init__(
        self,
        model: Model,
        tokens: TokenArrays,
        each: int = 1,
        texts_of: Callable[[Rows], Rows] = lambda rows: rows,
        combine: Callable[[Tensor], Tensor] = lambda vectors: vectors,
        prepared: TokenArrays | None = None,
    ) -> None:
        self._model, self._encoder, self._device = model, model.encoder, model.device
        self._max_length, self._representation = model.config.max_length, model.config.representation
        self._texts_of, self._combine = texts_of, combine
        self._tokens = model.prepared(tokens) if prepared is None else prepared
        self._kept = model.kept(self._tokens)
        self._after_mask = after_mask(self._tokens)
        lengths = np.minimum(self._tokens.lengths, self._max_length)
        self._lengths: Rows = lengths if each == 1 else lengths.reshape(-1, each).max(axis=1)

    def parts(self, rows: Rows) -> list[Rows]:
        """The rows of one batch by rising length, parted where that saves more padding than a further pass costs.

        A GPU is never kept busy by a few texts: there all go together, and so they do where padding costs nothing.
        """
        ordered = rows[np.argsort(self._lengths[rows], kind="stable")]
        if self._device.type != "cpu" or runs_unpadded(self._encoder.encoder, self._device):
            return [ordered]
        return [ordered[start:end] for start, end in cheapest_parts(self._lengths[ordered], _TOKENS_PER_PASS)]

    def hidden(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """Last hidden states, and the mask of real tokens."""
        rows = self._texts_of(rows)
        batch = self._tokens.batch(rows, self._device, self._max_length)
        if not self._encoder.has_prefix:
            return self._encoder(batch), batch.mask
        states = self._encoder.prefix(batch) if self._kept is None else self._kept.padded(rows, batch)
        return self._encoder.top(states, batch), batch.mask

    def vectors(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """The representation that the configuration names."""
        return self._combine(pool(hidden, mask, self._representation, self._after_mask))

    def examples(self, hidden: Tensor, mask: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The same; for ``tokens``, each real token with its text's target."""
        vectors, own = examples(hidden, mask, targets, self._representation, self._after_mask)
        return self._combine(vectors), own

    def texts(self, rows: Rows | None) -> TokenArrays:
        """All, or those at ``rows``."""
        return self._tokens if rows is None else self._tokens.take(self._texts_of(rows))


def cheapest_parts(lengths: Rows, per_part: int) -> list[tuple[int, int]]:
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
