"""Proposals out of a shipped space, for loops whose trials train nothing."""

from __future__ import annotations

from tune_dml.spaces import load_space
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.proposals import Proposals


def only_ce(journal: Journal) -> Proposals:
    """Of the space ``ce``, for one encoder."""
    return Proposals(journal, {"": load_space("ce")})
