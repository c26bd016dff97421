"""A trial's rounds as metric points."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tune_dml.config import State, TrialRecord


@dataclass(frozen=True)
class Point:
    """``step`` is the round; ``after`` the trial's training and scoring time up to then, in ms."""

    key: str
    value: float
    step: int
    after: int


def points(record: TrialRecord, metric: str, mean: bool) -> Iterator[Point]:
    """Of every round: below ``so_far/`` the trial's scores up to then, and below ``round/`` what it alone gave; of a
    trial that ran all its rounds, the names without a prefix as well, at its last one.

    So whoever sorts trials by ``accuracy`` compares only those that were scored on the same rounds; what ASHA stopped
    after two easy ones does not come first.

    The score that counts after ``r`` rounds is, with ``mean``, the mean over rounds 1..r, else round r's. ``score`` is
    the one named ``metric``; ``seconds`` are those of all rounds up to then. Values that are not finite are left out.
    """
    sums: dict[str, float] = {}
    seconds = 0.0
    for count, done in enumerate(record.rounds, start=1):
        seconds += max(done.seconds, 0.0)
        own = dict(done.scores)
        sums = {name: sums.get(name, 0.0) + value for name, value in own.items()}
        reached = {name: total / count for name, total in sums.items()} if mean else dict(own)
        reached["score"] = reached[metric]
        values = {f"so_far/{name}": value for name, value in reached.items()}
        alone = {**own, "seconds": done.seconds, **done.diagnostics}
        values |= {f"round/{name}": value for name, value in alone.items()}
        values["seconds"] = seconds
        if record.state is State.COMPLETE and count == len(record.rounds):
            values |= reached
        for name, value in values.items():
            if math.isfinite(value):
                yield Point(name, float(value), done.number, round(seconds * 1000))
