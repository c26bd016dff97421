"""Texts as token arrays: shared with every worker, and cut and padded there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tune_dml.errors import ConfigurationError
from tune_dml.models.cutting import PLAIN, Layout, kept_places
from tune_dml.models.template_pieces import Templates


class Ending(NamedTuple):
    """The template of the representation ``mask`` as tokens.

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
        layout: Where special tokens are, and which tokens of a text are kept that is longer than it may be.
        templates: What :func:`tune_dml.models.token_templates.in_templates` may put the texts in.
        spaced: The texts, those of pairs apart, as they are behind a space; ``None`` where that is all the same.
        masks: int64 ``[texts]``: where in each its mask token is, of texts in templates.
        contents: int64 ``[texts, 2]``: tokens of the first and the second text before anything was cut, special ones
            not counted; ``None`` for single texts of which nothing was.
    """

    ids: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    types: npt.NDArray[np.int32] | None
    pad_id: int
    origin: tuple[TokenArrays, npt.NDArray[np.int64]] | None = field(default=None, repr=False, compare=False)
    ending: Ending | None = None
    towers: TokenArrays | None = field(default=None, repr=False, compare=False)
    layout: Layout = PLAIN
    contents: npt.NDArray[np.int64] | None = field(default=None, repr=False, compare=False)
    templates: Templates | None = field(default=None, repr=False, compare=False)
    spaced: TokenArrays | None = field(default=None, repr=False, compare=False)
    masks: npt.NDArray[np.int64] | None = field(default=None, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens of each text: int64 ``[texts]``."""
        return np.diff(self.offsets)

    @property
    def full_lengths(self) -> npt.NDArray[np.int64]:
        """Tokens that each text had before it was cut: int64 ``[texts]``."""
        return self.lengths if self.contents is None else self.contents.sum(axis=1) + self.layout.specials

    @property
    def whole(self) -> tuple[TokenArrays, npt.NDArray[np.int64]]:
        """The set that these texts were taken from (or this), and where in it they are."""
        return self.origin if self.origin is not None else (self, np.arange(len(self), dtype=np.int64))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all tokens, and of what decides how they are cut."""
        digest = hashlib.sha256(repr(self.layout).encode())
        for array in (self.ids, self.offsets, self.types, self.contents):
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
        apart = rows if self.towers is None else both(rows)
        return replace(
            self,
            ids=ids,
            offsets=offsets,
            types=types,
            origin=(whole, places[rows]),
            towers=None if self.towers is None else self.towers.take(apart),
            contents=None if self.contents is None else self.contents[rows],
            spaced=None if self.spaced is None else self.spaced.take(apart),
            masks=None if self.masks is None else self.masks[rows],
        )

    def prompted(self, max_length: int) -> TokenArrays:
        """The texts with the template after them, before their last token; cut so that it stays whole.

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
            bodies = [self._places(i, length + 1)[:-1] for i, length in enumerate(kept)]
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

    def cut(self, max_length: int) -> TokenArrays:
        """The texts with at most ``max_length`` tokens each."""
        lengths = self.lengths
        if int(lengths.max(initial=0)) <= max_length:
            return self
        kept = np.minimum(lengths, max_length)
        places = np.concatenate([self._places(i, int(length)) for i, length in enumerate(kept)])
        types = None if self.types is None else self.types[places]
        offsets = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
        return replace(self, ids=self.ids[places], offsets=offsets, types=types)

    @cached_property
    def made(self) -> dict[tuple[int, ...], TokenArrays]:
        """What was made of these texts, by what it was made with."""
        return {}

    @cached_property
    def _prompted(self) -> dict[int, TokenArrays]:
        return {}

    def _places(self, text: int, length: int) -> npt.NDArray[np.int64]:
        """Where in :attr:`ids` the ``length`` tokens are to which a text is cut."""
        start, end = (int(offset) for offset in self.offsets[text : text + 2])
        if length == end - start:
            return np.arange(start, end)
        contents = self.contents
        own = (
            (end - start - self.layout.specials, 0)
            if contents is None
            else (int(contents[text, 0]), int(contents[text, 1]))
        )
        return start + kept_places(self.layout, own, end - start, length)

    def _last(self, array: npt.NDArray[np.int32], text: int) -> npt.NDArray[np.int32]:
        return array[self.offsets[text + 1] - 1 : self.offsets[text + 1]]

    def batch(self, rows: npt.NDArray[np.int64], device: torch.device, max_length: int | None = None) -> Batch:
        """The texts at ``rows``, padded to the longest of them; those longer than ``max_length`` are cut."""
        lengths = self.lengths[rows] if max_length is None else np.minimum(self.lengths[rows], max_length)
        width = int(lengths.max(initial=1))
        ids = np.full((len(rows), width), self.pad_id, dtype=np.int64)
        types = np.zeros((len(rows), width), dtype=np.int64)
        for i, (row, length) in enumerate(zip(rows, lengths, strict=True)):
            start, end = self.offsets[row], self.offsets[row + 1]
            places = slice(start, end) if length == end - start else self._places(row, int(length))
            ids[i, :length] = self.ids[places]
            if self.types is not None:
                types[i, :length] = self.types[places]
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
