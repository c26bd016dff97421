"""Other tools as arms of a comparison, each in a process of its own: the same draws, labels and test texts."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from tune_dml.comparisons.comparison import Comparison
from tune_dml.errors import UsageError


@dataclass(frozen=True)
class Peer:
    """Another tool.

    Attributes:
        module: Run as a process: ``JOB OUT PART PARTS``.
        needs: A module that the extra ``peers`` brings.
        searches: Whether it tries several configurations, side by side in as many processes as there are slots.
        pairs: Whether it takes pairs of texts.
    """

    module: str
    needs: str
    searches: bool
    pairs: bool


PEERS = {
    "setfit": Peer("tune_dml.comparisons.peers.setfit_peer", "setfit", searches=False, pairs=False),
    "trainer": Peer("tune_dml.comparisons.peers.trainer_peer", "accelerate", searches=True, pairs=True),
}


def check_peers(comparison: Comparison) -> None:
    """Before any cell is run.

    Raises:
        UsageError: an arm is a tool that is not installed.
    """
    for arm in comparison.arms:
        peer = PEERS.get(arm.peer or "")
        if peer is not None and importlib.util.find_spec(peer.needs) is None:
            raise UsageError(f"The arm '{arm.name}' needs a package that is missing: pip install 'tune-dml[peers]'.")
