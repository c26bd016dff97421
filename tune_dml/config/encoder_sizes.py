"""Sizes of encoders, by which search spaces give ranges."""

from __future__ import annotations

#: Of parameters that are no word embeddings: up to so many an encoder is small, and base. A vocabulary of many
#: languages makes an encoder no slower, and wants no other learning rate.
SMALL, BASE = 50_000_000, 200_000_000
SIZES = ("small", "base", "large")


def size_of(parameters: int) -> str:
    """Of an encoder with so many parameters beside its word embeddings: ``"small"`` (MiniLM: 11 million), ``"base"``
    (BERT-base, MPNet: 86 million) or ``"large"`` (RoBERTa-large: 304 million)."""
    return "small" if parameters < SMALL else "base" if parameters < BASE else "large"
