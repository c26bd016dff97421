"""How much of texts a model does not read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tune_dml.models.token_arrays import TokenArrays


@dataclass(frozen=True)
class Cut:
    """What is not read of texts.

    Attributes:
        texts: How many texts there are.
        longer: How many of them are longer than ``max_length``.
        unread: Of the tokens of those, the share that is not read, 0 to 1.
        longest: Tokens of the longest text.
        in_templates: Whether a template, the longest of its pool, is counted with each text.
    """

    texts: int
    longer: int
    unread: float
    longest: int
    in_templates: bool = False


def cut_of(tokens: TokenArrays, max_length: int) -> Cut:
    """What a model that reads ``max_length`` tokens does not read of texts."""
    templates = () if tokens.templates is None else tokens.templates.all
    own = tokens.full_lengths
    full = own + max((sum(map(len, one.pieces)) for one in templates), default=0)
    longer = full > max_length
    gone = np.minimum(full - max_length, own)[longer]
    unread = float(gone.sum() / own[longer].sum()) if longer.any() else 0.0
    return Cut(len(full), int(longer.sum()), unread, int(full.max(initial=0)), bool(templates))
