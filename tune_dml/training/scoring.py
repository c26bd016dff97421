"""Scores of class probabilities, the one number that a search maximises, and the order of trials that follows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tune_dml.config import METRICS, Round, Scores, State, TrialRecord
from tune_dml.errors import TrainingFailure, UsageError, nearest

#: Probabilities below this count as this, so that one confident mistake cannot make a log loss infinite.
CLIP = 1e-7
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


def score(probabilities: npt.ArrayLike, labels: npt.ArrayLike) -> Scores:
    """Accuracy, macro F1 and log loss.

    Args:
        probabilities: ``[n, classes]``, n >= 1; rows sum to 1. The number of columns is the full label set.
        labels: ``[n]``, 0 to classes - 1. Not every class has to occur.

    Macro F1 averages over the full label set; a class that neither occurs nor is predicted counts 0. The log loss is
    in nats, with probabilities clipped at 1e-7.

    Raises:
        TrainingFailure: a probability is NaN or infinite (reason ``"nan"``).
        ValueError: there are no rows, or the shapes do not fit.
    """
    p = np.asarray(probabilities, dtype=np.float64)
    y = np.asarray(labels, dtype=np.int64)
    if p.ndim != 2 or y.shape != p.shape[:1] or len(y) == 0:
        raise ValueError(f"probabilities of shape {p.shape} do not go with labels of shape {y.shape}.")
    if not np.isfinite(p).all():
        raise TrainingFailure("nan", "The class probabilities are not finite.")
    predicted = p.argmax(axis=1)
    classes = p.shape[1]
    hits = np.bincount(y[predicted == y], minlength=classes)
    support = np.bincount(y, minlength=classes) + np.bincount(predicted, minlength=classes)
    f1 = np.divide(2.0 * hits, support, out=np.zeros(classes), where=support > 0)
    return Scores(
        accuracy=float((predicted == y).mean()),
        macro_f1=float(f1.mean()),
        log_loss=float(row_log_loss(p, y).mean()),
    )


def row_log_loss(probabilities: npt.ArrayLike, labels: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Negative natural logarithm of each row's probability of its own label, clipped: ``[n]``."""
    p = np.asarray(probabilities, dtype=np.float64)
    y = np.asarray(labels, dtype=np.int64)
    losses: npt.NDArray[np.float64] = -np.log(np.clip(p[np.arange(len(y)), y], CLIP, 1.0))
    return losses


def objective(scores: Scores, metric: str) -> float:
    """What ASHA, the sampler and the leaderboard see; higher is better.

    Accuracy and macro F1 are lowered by a sliver of the log loss, which breaks their ties. Scores that are not finite
    give minus infinity.

    Raises:
        UsageError: ``metric`` is unknown.
    """
    if metric not in METRICS:
        raise UsageError(f"'{metric}' is not a metric: {nearest(metric, METRICS)}")
    if metric == "log_loss":
        value = -scores.log_loss
    else:
        value = getattr(scores, metric) - TIE_WEIGHT * min(scores.log_loss, 100.0)
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
    rows = np.array([[r.scores.accuracy, r.scores.macro_f1, r.scores.log_loss] for r in used])
    return Scores(*(float(v) for v in rows.mean(axis=0)))


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
    """Mean, standard deviation and values of accuracy, macro F1 and log loss over at least one seed."""
    rows = [s.scores.as_dict() for s in seed_scores]
    return {name: summarise([row[name] for row in rows]) for name in ("accuracy", "macro_f1", "log_loss")}


def _used(rounds: Sequence[Round], latest: bool) -> Sequence[Round]:
    if latest and rounds:
        return [max(rounds, key=lambda r: r.number)]
    return rounds
