"""Who wins, who comes next: by cross validation alone, never by the test split."""

from __future__ import annotations

from collections.abc import Iterable

import numpy.typing as npt

from tune_dml.config import State, TrialRecord
from tune_dml.data import Kind
from tune_dml.evaluation.pooling import pooled
from tune_dml.evaluation.standard_error import clearly_better, lead_by_luck
from tune_dml.training.scoring import is_complete, rank


def leader(
    records: Iterable[TrialRecord], metric: str, rounds_needed: int = 0, latest: bool = False
) -> TrialRecord | None:
    """The finished trial with the best score so far; ``None`` if none is finished. Baselines do not count."""
    finished = _finished(records, metric, rounds_needed, latest)
    return finished[0] if finished else None


def winner(
    records: Iterable[TrialRecord],
    labels: npt.ArrayLike,
    kind: Kind,
    metric: str,
    rounds_needed: int = 0,
    latest: bool = False,
) -> TrialRecord | None:
    """The leader, or the earliest trial of the space's own that it does not clearly beat; ``None`` if none is finished.

    With 50 labels one standard error is three texts: most of what separates the best trials is chance, and the more
    trials there are, the luckier the leader. What a space begins with has a better claim than that: recipes that are
    known to work. So the leader has to be ahead of them by more than the best of as many equally good trials is
    expected to be (:func:`lead_by_luck`); trials that were stopped early count, since they have lost against it too.
    Between trials that the sampler proposed there is no such claim, and the leader stands. The difference is paired by
    row of the out-of-fold predictions, as for read-outs; it widens the one standard error rule of Breiman, Friedman,
    Olshen and Stone, "Classification and Regression Trees", 1984.

    Of several encoders each has a leader and a winner of its own, and the best of these winners wins: an encoder that
    was tried more often has been luckier too.

    Args:
        labels: Targets of every position that a round's rows name, as ``kind`` has them.

    Raises:
        ResultsError: a trial has no out-of-fold predictions.
    """
    records = list(records)
    of_encoders = [
        _winner_of_encoder([r for r in records if r.encoder == encoder], labels, kind, metric, rounds_needed, latest)
        for encoder in dict.fromkeys(r.encoder for r in records if r.kind == "trial")
    ]
    best = rank([r for r in of_encoders if r is not None], metric, rounds_needed, latest)
    return best[0] if best else None


def _winner_of_encoder(
    records: list[TrialRecord], labels: npt.ArrayLike, kind: Kind, metric: str, rounds_needed: int, latest: bool
) -> TrialRecord | None:
    finished = _finished(records, metric, rounds_needed, latest)
    if not finished:
        return None
    best = pooled(finished[0], labels, kind.target.readout, latest)
    needed = lead_by_luck(competitors(records))
    given = [r for r in finished if r.given and r.number < finished[0].number]
    tied = [
        r for r in given if not clearly_better(best, pooled(r, labels, kind.target.readout, latest), metric, needed)
    ]
    return min([finished[0], *tied], key=lambda r: r.number)


def first_recipe(records: Iterable[TrialRecord]) -> TrialRecord | None:
    """The trial that a space begins with; ``None`` where it begins with none, or that one has failed."""
    first = min((r for r in records if r.kind == "trial" and r.given), key=lambda r: r.number, default=None)
    return None if first is None or first.state == State.FAIL or not first.rounds else first


def competitors(records: Iterable[TrialRecord]) -> int:
    """Trials that have a score."""
    return sum(r.kind == "trial" and bool(r.rounds) for r in records)


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
    kind: Kind,
    loss: str,
    metric: str,
    rounds_needed: int = 0,
    latest: bool = False,
) -> TrialRecord | None:
    """What :func:`winner` picks among the trials with this loss; ``None`` if none is finished."""
    return winner([r for r in records if r.loss == loss], labels, kind, metric, rounds_needed, latest)


def _finished(records: Iterable[TrialRecord], metric: str, rounds_needed: int, latest: bool) -> list[TrialRecord]:
    trials = [r for r in records if r.kind == "trial" and is_complete(r, rounds_needed)]
    return rank(trials, metric, rounds_needed, latest)


def _recipe(record: TrialRecord) -> dict[str, object]:
    # The read-out is chosen after training, so it does not make two trainings different.
    return {name: value for name, value in record.params.items() if name != "readout"}
