"""What frozen layers give, computed once per process and text, and kept for every later trial within a bound."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tune_dml.models.precision import autocast
from tune_dml.models.prefix import LayeredEncoder
from tune_dml.models.tokens import Batch, TokenArrays, by_length

#: Of one process, over all sets of texts and depths. Sets that alone need more are not kept.
KEPT_BYTES = 512 * 2**20
#: Texts at a time when the frozen layers run. Fixed: the last digits of a number depend on it.
BATCH = 64


class _Key(NamedTuple):
    encoder: str
    kept_below: int
    texts: str
    max_length: int
    device: str
    precision: str


@dataclass(frozen=True)
class KeptStates:
    """States that enter the first trained layer, of the texts of one :class:`TokenArrays`.

    Attributes:
        states: ``[all tokens, dimension]`` of the whole set that the texts were taken from.
        offsets: int64 ``[texts of the set + 1]``.
        rows: int64: where in the set each text is.
    """

    states: Tensor
    offsets: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]

    def padded(self, positions: npt.NDArray[np.int64], batch: Batch) -> Tensor:
        """Of the texts at ``positions``, whose ``batch`` is given: ``[texts, tokens, dimension]``, zeros as padding."""
        rows = self.rows[positions]
        places = self.offsets[rows, None] + np.arange(batch.ids.shape[1])
        index = torch.from_numpy(np.minimum(places, self.offsets[rows + 1, None] - 1)).to(self.states.device)
        return self.states[index].masked_fill_(batch.mask[..., None] == 0, 0.0)


_kept: OrderedDict[_Key, Tensor] = OrderedDict()


def kept_states(
    encoder: LayeredEncoder,
    name: str,
    tokens: TokenArrays,
    max_length: int,
    device: torch.device,
    precision: str,
) -> KeptStates | None:
    """What the frozen layers of ``encoder`` give for ``tokens``; ``None`` where no layer is frozen or the set that the
    texts were taken from needs more than :data:`KEPT_BYTES`.

    Always computed over that whole set, so that a text's numbers depend neither on which of its texts a fold takes
    nor on what ran before.

    Args:
        name: What tells this encoder's weights from others': their hash.
    """
    if encoder.kept_below is None:
        return None
    whole, rows = tokens.whole
    lengths = np.minimum(whole.lengths, max_length)
    size = int(lengths.sum()) * encoder.dimension * 4
    if size > KEPT_BYTES:
        return None
    longest = int(lengths.max(initial=0))
    key = _Key(name, encoder.kept_below, whole.digest, longest, str(device), precision)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    if key not in _kept:
        while _kept and size + sum(s.numel() * s.element_size() for s in _kept.values()) > KEPT_BYTES:
            _kept.popitem(last=False)
        _kept[key] = _computed(encoder, whole, offsets, max_length, device, precision)
    _kept.move_to_end(key)
    return KeptStates(_kept[key], offsets, rows)


@torch.no_grad()
def _computed(
    encoder: LayeredEncoder,
    tokens: TokenArrays,
    offsets: npt.NDArray[np.int64],
    max_length: int,
    device: torch.device,
    precision: str,
) -> Tensor:
    states = torch.empty((0, encoder.dimension), device=device)
    for rows in by_length(tokens, BATCH):
        batch = tokens.batch(rows, device, max_length)
        with autocast(device, precision):
            hidden = encoder.prefix(batch)
        if not len(states):
            states = hidden.new_empty((int(offsets[-1]), encoder.dimension))
        for i, row in enumerate(rows):
            states[offsets[row] : offsets[row + 1]] = hidden[i, : offsets[row + 1] - offsets[row]]
    return states
