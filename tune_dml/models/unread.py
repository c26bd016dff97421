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
    full = tokens.full_lengths + max((sum(map(len, one.pieces)) for one in templates), default=0)
    longer = full[full > max_length]
    unread = float((longer - max_length).sum() / longer.sum()) if len(longer) else 0.0
    return Cut(len(full), len(longer), unread, int(full.max(initial=0)), bool(templates))
