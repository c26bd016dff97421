"""A trial's rounds as metric points."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tune_dml.config import TrialRecord


@dataclass(frozen=True)
class Point:
    """``step`` is the round; ``after`` the trial's training and scoring time up to then, in ms."""

    key: str
    value: float
    step: int
    after: int


def points(record: TrialRecord, metric: str, mean: bool) -> Iterator[Point]:
    """Of every round: the trial's scores so far, and below ``round/`` what this round alone gave.

    The names without a prefix are what one sorts trials by, so they hold the score that counts after ``r`` rounds:
    with ``mean`` the mean over rounds 1..r, else round r's. ``score`` is the one named ``metric``. Values that are not
    finite are left out.
    """
    sums = {"accuracy": 0.0, "macro_f1": 0.0, "log_loss": 0.0}
    after = 0.0
    for count, done in enumerate(record.rounds, start=1):
        after += max(done.seconds, 0.0) * 1000
        own = done.scores.as_dict()
        sums = {name: sums[name] + value for name, value in own.items()}
        so_far = {name: total / count for name, total in sums.items()} if mean else own
        alone = {**own, "seconds": done.seconds, **done.diagnostics}
        values = {**so_far, "score": so_far[metric], **{f"round/{name}": value for name, value in alone.items()}}
        for name, value in values.items():
            if math.isfinite(value):
                yield Point(name, float(value), done.number, round(after))
