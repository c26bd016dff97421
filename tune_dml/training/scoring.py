"""Scores of class probabilities, the one number that a search maximises, and the order of trials that follows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tune_dml.config import Round, Scores, State, TrialRecord
from tune_dml.data import Kind, Metric, metric_named
from tune_dml.errors import TrainingFailure

#: Weight of the log loss as a tie-breaker: too small to outweigh one row out of 500.
TIE_WEIGHT = 1e-4
_STATE_ORDER = {State.COMPLETE: 0, State.PRUNED: 1, State.RUNNING: 2, State.WAITING: 3, State.FAIL: 4}


@dataclass(frozen=True)
class SeedScore:
    """Test scores of one confirm seed."""

    seed: int
    scores: Scores


@dataclass(frozen=True)
class Summary:
    """Mean and sample standard deviation (0.0 for a single value) of one metric over confirm seeds."""

    mean: float
    sd: float
    values: tuple[float, ...]


@dataclass(frozen=True)
class Gain:
    """A configuration's test score less that of another, on the same confirm seeds and test texts.

    Attributes:
        over: The other's name.
        metric: In whose unit it is; positive is better, also where lower scores are.
        mean: Over seeds.
        interval: 95% of it, for other texts and other seeds.
        seeds: How many.
    """

    over: str
    metric: str
    mean: float
    interval: tuple[float, float]
    seeds: int


@dataclass(frozen=True)
class CorrectedEstimate:
    """What the winner of a search is expected to score on new texts, corrected for the selection (BBC-CV).

    Attributes:
        metric: What configurations were picked by inside each resample.
        scores: Means over the resamples' out-of-bag rows.
        intervals: By score name, the 2.5% and 97.5% percentiles over the resamples.
        configurations, rows, resamples: How many of each went in.
    """

    metric: str
    scores: Scores
    intervals: Mapping[str, tuple[float, float]]
    configurations: int
    rows: int
    resamples: int


def shown_metric(kind: Kind, metric: str) -> Metric:
    """The one that is shown where ``metric`` was searched for: that one if it looks at what is decided, or no metric of
    the kind does, else the kind's default."""
    asked = metric_named(metric)
    decides = asked.ties is not None or all(each.ties is None for each in kind.target.metrics)
    return asked if decides else kind.target.metrics[0]


def score(kind: Kind, probabilities: npt.ArrayLike, targets: npt.ArrayLike) -> Scores:
    """The metrics of a kind.

    Args:
        probabilities: ``[n, outputs]``, n >= 1.
        targets: What is right for each of them, as the kind has it.

    Raises:
        TrainingFailure: a probability is NaN or infinite (reason ``"nan"``).
        ValueError: there are no rows, or the shapes do not fit.
    """
    p = np.asarray(probabilities, dtype=np.float64)
    y = np.asarray(targets, dtype=kind.target.dtype)
    if p.ndim != 2 or len(y) != len(p) or len(y) == 0:
        raise ValueError(f"probabilities of shape {p.shape} do not go with targets of shape {y.shape}.")
    if not np.isfinite(p).all():
        raise TrainingFailure("nan", "The class probabilities are not finite.")
    return {metric.name: metric.of(p, y) for metric in kind.target.metrics}


def objective(scores: Scores, metric: str) -> float:
    """What ASHA, the sampler and the leaderboard see; higher is better.

    A metric that looks only at what is decided is lowered by a sliver of the one that breaks its ties. Scores that are
    not finite give minus infinity.

    Raises:
        UsageError: ``metric`` is unknown.
    """
    about = metric_named(metric)
    value = -scores[metric] if about.lower_is_better else scores[metric]
    if about.ties is not None:
        value -= TIE_WEIGHT * min(scores[about.ties], 100.0)
    return value if math.isfinite(value) else -math.inf


def mean_objective(rounds: Sequence[Round], metric: str, latest: bool = False) -> float:
    """Mean of the objective over ``rounds``, or with ``latest`` (rounds are parts of one schedule) the last one's.

    Minus infinity without rounds.
    """
    used = _used(rounds, latest)
    return sum(objective(r.scores, metric) for r in used) / len(used) if used else -math.inf


def mean_scores(rounds: Sequence[Round], latest: bool = False) -> Scores | None:
    """Mean of each score over ``rounds``, or with ``latest`` the last one's; ``None`` without rounds."""
    used = _used(rounds, latest)
    if not used:
        return None
    rows = np.array([list(r.scores.values()) for r in used])
    return {name: float(value) for name, value in zip(used[0].scores, rows.mean(axis=0), strict=True)}


def is_complete(record: TrialRecord, rounds_needed: int = 0) -> bool:
    """Whether the trial ended by itself, with all the rounds it should have."""
    return record.state == State.COMPLETE and len(record.rounds) >= max(rounds_needed, 1)


def rank(
    records: Iterable[TrialRecord], metric: str, rounds_needed: int = 0, latest: bool = False
) -> list[TrialRecord]:
    """All records, best first, by cross validation alone.

    COMPLETE ones come first, by mean objective. PRUNED ones follow, by rounds done, then mean objective; then those
    still running or waiting, then failed ones. Ties go to a baseline (the simpler method), then to the smaller number.
    """

    def key(record: TrialRecord) -> tuple[int, int, float, bool, int]:
        complete = is_complete(record, rounds_needed)
        # A COMPLETE record that lacks rounds has scores that are not comparable: it ranks as a stopped one.
        order = _STATE_ORDER[State.PRUNED if record.state == State.COMPLETE and not complete else record.state]
        done = 0 if complete else -len(record.rounds)
        return order, done, -mean_objective(record.rounds, metric, latest), record.kind != "baseline", record.number

    return sorted(records, key=key)


def summarise(values: Sequence[float]) -> Summary:
    """Mean and sample standard deviation (``ddof=1``) of at least one value."""
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        raise ValueError("There is nothing to summarise.")
    sd = float(array.std(ddof=1)) if array.size > 1 else 0.0
    return Summary(float(array.mean()), sd, tuple(float(v) for v in array))


def summaries(seed_scores: Sequence[SeedScore]) -> dict[str, Summary]:
    """Mean, standard deviation and values of each metric over at least one seed."""
    return {name: summarise([s.scores[name] for s in seed_scores]) for name in seed_scores[0].scores}


def _used(rounds: Sequence[Round], latest: bool) -> Sequence[Round]:
    if latest and rounds:
        return [max(rounds, key=lambda r: r.number)]
    return rounds
