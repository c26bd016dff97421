"""A template's pieces as a tokenizer has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class TokenTemplate(NamedTuple):
    """A :class:`tune_dml.data.Template` by a tokenizer.

    Attributes:
        text: As it was written.
        pieces: Token ids before, between and behind its texts.
        slots: As the template has them.
        spaced: Whether a space is before each of the texts.
        mask: The piece that has the mask token, and where in it.
    """

    text: str
    pieces: tuple[tuple[int, ...], ...]
    slots: tuple[int, ...]
    spaced: tuple[bool, ...]
    mask: tuple[int, int]


class Templates(NamedTuple):
    """What a search may put texts in.

    Attributes:
        all: Each of them.
        pools: By their size, the sets that recipes draw from: places in :attr:`all`.
    """

    all: tuple[TokenTemplate, ...]
    pools: Mapping[int, tuple[int, ...]]
