"""Texts as token arrays: made once by the driver, shared with every worker."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from tune_dml.errors import ConfigurationError, ModelError

#: Texts that are tokenised at a time.
_BLOCK = 5_000
#: What follows a text whose class is read at the mask token (Gao et al. 2021, arXiv 2012.15723).
TEMPLATE = " It was {mask}."


class Ending(NamedTuple):
    """:data:`TEMPLATE` as tokens.

    Attributes:
        ids: Without special tokens but the mask.
        after_mask: How many tokens of a whole text follow its mask token, the separator among them.
    """

    ids: tuple[int, ...]
    after_mask: int


@dataclass(frozen=True)
class Batch:
    """Right-padded: int64 ``[texts, tokens]`` each; ``types`` is ``None`` where the encoder takes none."""

    ids: Tensor
    mask: Tensor
    types: Tensor | None


@dataclass(frozen=True)
class TokenArrays:
    """Many texts' tokens, end to end.

    Attributes:
        ids: int32 ``[all tokens]``.
        offsets: int64 ``[texts + 1]``: text i owns ``ids[offsets[i]:offsets[i + 1]]``.
        types: Token types (0 first text, 1 second), like ``ids``; ``None`` where the encoder takes none.
        pad_id: What fills shorter rows.
        origin: Of texts that were taken: the set, and where in it they are.
        towers: Of pairs: their texts apart, twice as many, each pair's one after the other; ``None`` for single texts.
        ending: What :meth:`prompted` puts after each text; ``None`` where the tokenizer has no mask token.
    """

    ids: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    types: npt.NDArray[np.int32] | None
    pad_id: int
    origin: tuple[TokenArrays, npt.NDArray[np.int64]] | None = field(default=None, repr=False, compare=False)
    ending: Ending | None = None
    towers: TokenArrays | None = field(default=None, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens of each text: int64 ``[texts]``."""
        return np.diff(self.offsets)

    @property
    def whole(self) -> tuple[TokenArrays, npt.NDArray[np.int64]]:
        """The set that these texts were taken from (or this), and where in it they are."""
        return self.origin if self.origin is not None else (self, np.arange(len(self), dtype=np.int64))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all tokens."""
        digest = hashlib.sha256()
        for array in (self.ids, self.offsets, self.types):
            digest.update(b"none" if array is None else array.tobytes())
        return digest.hexdigest()

    def take(self, rows: npt.NDArray[np.int64]) -> TokenArrays:
        """The texts at positions ``rows``, in that order."""
        spans = [slice(self.offsets[i], self.offsets[i + 1]) for i in rows]
        offsets = np.concatenate([[0], np.cumsum(self.lengths[rows])]).astype(np.int64)
        ids = np.concatenate([self.ids[s] for s in spans]) if spans else self.ids[:0]
        types = None
        if self.types is not None:
            types = np.concatenate([self.types[s] for s in spans]) if spans else self.types[:0]
        whole, places = self.whole
        towers = None if self.towers is None else self.towers.take(both(rows))
        return TokenArrays(ids, offsets, types, self.pad_id, (whole, places[rows]), self.ending, towers)

    def prompted(self, max_length: int) -> TokenArrays:
        """The texts with :data:`TEMPLATE` after them, before their last token; cut so that it stays whole.

        Raises:
            ConfigurationError: the encoder has no mask token, or the template fills ``max_length``.
        """
        if self.ending is None:
            raise ConfigurationError("This encoder has no mask token; take another representation than 'mask'.")
        added = np.array(self.ending.ids, dtype=np.int32)
        if max_length < len(added) + 3:
            raise ConfigurationError(f"max_length is {max_length}; the representation 'mask' needs {len(added) + 3}.")
        if self.origin is not None:
            whole, places = self.origin
            return whole.prompted(max_length).take(places)
        if max_length not in self._prompted:
            kept = np.minimum(self.lengths, max_length - len(added)) - 1
            bodies = [self.offsets[i] + np.arange(length) for i, length in enumerate(kept)]
            ids = [part for i, body in enumerate(bodies) for part in (self.ids[body], added, self._last(self.ids, i))]
            types = None
            if self.types is not None:
                types = []
                for i, body in enumerate(bodies):
                    last = self._last(self.types, i)
                    types += [self.types[body], last.repeat(len(added)), last]
            self._prompted[max_length] = TokenArrays(
                np.concatenate(ids or [self.ids]),
                np.concatenate([[0], np.cumsum(kept + len(added) + 1)]).astype(np.int64),
                None if types is None else np.concatenate(types or [self.ids]),
                self.pad_id,
                ending=self.ending,
            )
        return self._prompted[max_length]

    @cached_property
    def _prompted(self) -> dict[int, TokenArrays]:
        return {}

    def _last(self, array: npt.NDArray[np.int32], text: int) -> npt.NDArray[np.int32]:
        return array[self.offsets[text + 1] - 1 : self.offsets[text + 1]]

    def batch(self, rows: npt.NDArray[np.int64], device: torch.device, max_length: int | None = None) -> Batch:
        """The texts at ``rows``, padded to the longest of them; longer than ``max_length`` are cut before their last
        token, which is the separator."""
        lengths = self.lengths[rows] if max_length is None else np.minimum(self.lengths[rows], max_length)
        width = int(lengths.max(initial=1))
        ids = np.full((len(rows), width), self.pad_id, dtype=np.int64)
        types = np.zeros((len(rows), width), dtype=np.int64)
        for i, (row, length) in enumerate(zip(rows, lengths, strict=True)):
            start, end = self.offsets[row], self.offsets[row + 1]
            ids[i, :length] = self.ids[start : start + length]
            ids[i, length - 1] = self.ids[end - 1]
            if self.types is not None:
                types[i, :length] = self.types[start : start + length]
        mask = (np.arange(width) < lengths[:, None]).astype(np.int64)
        return Batch(
            torch.from_numpy(ids).to(device),
            torch.from_numpy(mask).to(device),
            torch.from_numpy(types).to(device) if self.types is not None else None,
        )


def both(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where the texts of the pairs at ``rows`` are in :attr:`TokenArrays.towers`."""
    return np.stack([2 * rows, 2 * rows + 1], axis=1).reshape(-1)


def by_length(tokens: TokenArrays, size: int) -> list[npt.NDArray[np.int64]]:
    """Positions of texts of similar lengths, ``size`` at a time."""
    order = np.argsort(tokens.lengths, kind="stable")
    return [order[start : start + size] for start in range(0, len(order), size)]


def tokenize(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], texts_b: Sequence[str] | None, max_length: int
) -> TokenArrays:
    """Token arrays of texts, or of pairs encoded jointly and apart; at most ``max_length`` tokens each, specials
    included."""
    towers = None
    if texts_b is not None:
        towers = tokenize(tokenizer, list(chain.from_iterable(zip(texts, texts_b, strict=True))), None, max_length)
    longest = getattr(tokenizer, "model_max_length", max_length)
    if not isinstance(longest, int | float):
        raise ModelError("The tokenizer's model_max_length is not a number.")
    limit = int(min(max_length, longest))
    has_types = "token_type_ids" in tokenizer.model_input_names
    # Of each block as arrays: as lists of numbers, 100,000 long texts would need ten times the memory.
    ids, types, lengths = [np.empty(0, np.int32)], [np.empty(0, np.int32)], [0]
    for start in range(0, len(texts), _BLOCK):
        pairs = [list(texts_b[start : start + _BLOCK])] if texts_b is not None else []
        encoded = tokenizer(list(texts[start : start + _BLOCK]), *pairs, truncation=True, max_length=limit)
        rows = [row or [_filler(tokenizer)] for row in encoded["input_ids"]]
        ids.append(_flat(rows))
        lengths.extend(len(row) for row in rows)
        if has_types:
            types.append(_flat([row or [0] for row in encoded["token_type_ids"]]))
    offsets = np.cumsum(lengths, dtype=np.int64)
    return TokenArrays(
        np.concatenate(ids),
        offsets,
        np.concatenate(types) if has_types else None,
        _filler(tokenizer) if tokenizer.pad_token_id is None else tokenizer.pad_token_id,
        ending=_ending(tokenizer),
        towers=towers,
    )


def _filler(tokenizer: PreTrainedTokenizerBase) -> int:
    """What stands for an empty text where no special token does, and for padding where there is none."""
    known = (tokenizer.eos_token_id, tokenizer.bos_token_id, tokenizer.pad_token_id, tokenizer.unk_token_id)
    return next((number for number in known if number is not None), 0)


def _ending(tokenizer: PreTrainedTokenizerBase) -> Ending | None:
    if tokenizer.mask_token is None:
        return None
    ids = tokenizer(TEMPLATE.replace("{mask}", tokenizer.mask_token), add_special_tokens=False)["input_ids"]
    return Ending(tuple(ids), len(ids) - ids.index(tokenizer.mask_token_id))


def _flat(rows: Sequence[Sequence[int]]) -> npt.NDArray[np.int32]:
    return np.fromiter(chain.from_iterable(rows), dtype=np.int32)
