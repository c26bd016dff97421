"""An encoder of a search, as ``search.yaml`` has it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SearchedEncoder:
    """One of the encoders that a search tries.

    Attributes:
        key: What trials call it; empty where the search has no other.
        name: Of a folder or on the hub, as it was given.
        sha256, parameters: Of its weights.
        max_length: Tokens kept of each text.
        space_text: What is searched with it, resolved.
        prefix: What every text begins with when it reads it.
        representation: Its own, of baselines and where the space says nothing of it.
    """

    key: str
    name: str
    sha256: str
    parameters: int
    max_length: int
    space_text: str
    prefix: str = ""
    representation: str = "mean"
