"""How much of texts a model does not read."""

from __future__ import annotations

from dataclasses import dataclass

from tune_dml.models.token_arrays import TokenArrays


@dataclass(frozen=True)
class Cut:
    """What is not read of texts.

    Attributes:
        texts: How many texts there are.
        longer: How many of them are longer than ``max_length``.
        unread: Of the tokens of those, the share that is not read, 0 to 1.
        longest: Tokens of the longest text.
    """

    texts: int
    longer: int
    unread: float
    longest: int


def cut_of(tokens: TokenArrays, max_length: int) -> Cut:
    """What a model that reads ``max_length`` tokens does not read of texts."""
    full = tokens.full_lengths
    longer = full[full > max_length]
    unread = float((longer - max_length).sum() / longer.sum()) if len(longer) else 0.0
    return Cut(len(full), len(longer), unread, int(full.max(initial=0)))
