"""Who wins, who comes next: by cross validation alone, never by the test split."""

from __future__ import annotations

from collections.abc import Iterable

from tune_dml.config import TrialRecord
from tune_dml.training.scoring import is_complete, rank


def winner(
    records: Iterable[TrialRecord], metric: str, rounds_needed: int = 0, latest: bool = False
) -> TrialRecord | None:
    """The best trial that finished its rounds; ``None`` if none did. Baselines cannot win."""
    finished = _finished(records, metric, rounds_needed, latest)
    return finished[0] if finished else None


def runners_up(
    records: Iterable[TrialRecord], count: int, metric: str, rounds_needed: int = 0, latest: bool = False
) -> list[TrialRecord]:
    """The next ``count`` finished trials after the winner, or fewer, whose configurations all differ."""
    finished = _finished(records, metric, rounds_needed, latest)
    distinct: list[TrialRecord] = []
    for record in finished:
        if all(_recipe(record) != _recipe(other) for other in distinct):
            distinct.append(record)
    return distinct[1 : count + 1]


def best_of_loss(
    records: Iterable[TrialRecord], loss: str, metric: str, rounds_needed: int = 0, latest: bool = False
) -> TrialRecord | None:
    """The best finished trial with this loss; ``None`` if there is none."""
    of_loss = [r for r in records if r.loss == loss]
    return winner(of_loss, metric, rounds_needed, latest)


def _finished(records: Iterable[TrialRecord], metric: str, rounds_needed: int, latest: bool) -> list[TrialRecord]:
    trials = [r for r in records if r.kind == "trial" and is_complete(r, rounds_needed)]
    return rank(trials, metric, rounds_needed, latest)


def _recipe(record: TrialRecord) -> dict[str, object]:
    # The read-out is chosen after training, so it does not make two trainings different.
    return {name: value for name, value in record.params.items() if name != "readout"}
