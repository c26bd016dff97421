"""Who wins, who comes next: by cross validation alone, never by the test split."""

from __future__ import annotations

from collections.abc import Iterable

import numpy.typing as npt

from tune_dml.config import TrialRecord
from tune_dml.evaluation.pooling import pooled
from tune_dml.evaluation.standard_error import clearly_better
from tune_dml.training.scoring import is_complete, rank


def leader(
    records: Iterable[TrialRecord], metric: str, rounds_needed: int = 0, latest: bool = False
) -> TrialRecord | None:
    """The finished trial with the best score so far; ``None`` if none is finished. Baselines do not count."""
    finished = _finished(records, metric, rounds_needed, latest)
    return finished[0] if finished else None


def winner(
    records: Iterable[TrialRecord], labels: npt.ArrayLike, metric: str, rounds_needed: int = 0, latest: bool = False
) -> TrialRecord | None:
    """The earliest finished trial that the leader does not beat by more than one standard error; ``None`` without any.

    With 50 labels one standard error is three texts: most of what separates the best trials is chance, and the more
    trials there are, the luckier the leader. The earlier ones have a better claim: a space begins with recipes that
    are known to work. The difference is paired by row of the out-of-fold predictions, as for read-outs; the one
    standard error rule is that of Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees", 1984.

    Args:
        labels: Of every position that a round's rows name, int ``[draw]``.

    Raises:
        ResultsError: a trial has no out-of-fold predictions.
    """
    finished = _finished(records, metric, rounds_needed, latest)
    if not finished:
        return None
    best = pooled(finished[0], labels, latest=latest)
    earlier = [r for r in finished if r.number < finished[0].number]
    tied = [r for r in earlier if not clearly_better(best, pooled(r, labels, latest=latest), metric)]
    return min([finished[0], *tied], key=lambda r: r.number)


def runners_up(
    records: Iterable[TrialRecord],
    first: TrialRecord,
    count: int,
    metric: str,
    rounds_needed: int = 0,
    latest: bool = False,
) -> list[TrialRecord]:
    """The ``count`` best finished trials beside ``first``, or fewer, whose configurations all differ."""
    distinct = [first]
    for record in _finished(records, metric, rounds_needed, latest):
        if all(_recipe(record) != _recipe(other) for other in distinct):
            distinct.append(record)
    return distinct[1 : count + 1]


def best_of_loss(
    records: Iterable[TrialRecord],
    labels: npt.ArrayLike,
    loss: str,
    metric: str,
    rounds_needed: int = 0,
    latest: bool = False,
) -> TrialRecord | None:
    """What :func:`winner` picks among the trials with this loss; ``None`` if none is finished."""
    return winner([r for r in records if r.loss == loss], labels, metric, rounds_needed, latest)


def _finished(records: Iterable[TrialRecord], metric: str, rounds_needed: int, latest: bool) -> list[TrialRecord]:
    trials = [r for r in records if r.kind == "trial" and is_complete(r, rounds_needed)]
    return rank(trials, metric, rounds_needed, latest)


def _recipe(record: TrialRecord) -> dict[str, object]:
    # The read-out is chosen after training, so it does not make two trainings different.
    return {name: value for name, value in record.params.items() if name != "readout"}
