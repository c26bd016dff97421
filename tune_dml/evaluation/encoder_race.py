"""Several encoders in one search: which of them the next trial gets, and which are clearly behind."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt

from tune_dml.config import State, TrialRecord
from tune_dml.data import Kind
from tune_dml.evaluation.pooling import pooled
from tune_dml.evaluation.standard_error import clearly_better, lead_by_luck
from tune_dml.training.scoring import mean_objective

#: Rounds that an encoder's first recipe has to have done before anything is said of it, and standard errors by which
#: another one has to be ahead.
FEWEST_ROUNDS, CLEARLY = 2, 2.0


@dataclass(frozen=True)
class EncoderRace:
    """Each encoder begins with what its space begins with; those that are not clearly behind share the time that
    follows equally, so that of cheap ones more is tried.

    Attributes:
        parameters: Of each encoder, word embeddings left out, by what trials call it, in the order in which they were
            given: before anything is measured, time is in proportion to them.
        labels: Targets of every position that a round's rows name, as ``kind`` has them.
        metric: By which trials are steered.
        rounds: Of a trial.
        latest: Whether rounds are parts of one schedule, and the latest counts.
    """

    parameters: Mapping[str, int]
    labels: npt.NDArray[Any]
    kind: Kind
    metric: str
    rounds: int
    latest: bool

    def stays(self, encoder: str, records: Sequence[TrialRecord]) -> bool:
        """Whether one of its trials is not behind another encoder's best by more than chance, and not all of them have
        failed where others have not.

        Of the others the trial counts that came furthest, the best of these. Two are compared by the texts that both
        were scored on, paired, as for the winner.
        """
        best = [self._best(key, records) for key in self.parameters if key != encoder]
        others = [trial for trial in best if trial is not None]
        own = self._scored(encoder, records)
        if not own:
            return not others or not self._has_failed(encoder, records)
        return not all(any(self._is_ahead(other, trial, records) for other in others) for trial in own)

    def next(self, records: Sequence[TrialRecord]) -> str:
        """An encoder that has not begun; else, of those that stay, the one on which the least time was spent."""
        begun = {record.encoder for record in records}
        for key in self.parameters:
            if key not in begun:
                return key
        staying = [key for key in self.parameters if self.stays(key, records)] or list(self.parameters)
        return min(staying, key=lambda key: self._spent(key, records))

    def _of(self, encoder: str, records: Sequence[TrialRecord]) -> list[TrialRecord]:
        return [record for record in records if record.kind == "trial" and record.encoder == encoder]

    def _scored(self, encoder: str, records: Sequence[TrialRecord]) -> list[TrialRecord]:
        fewest = min(FEWEST_ROUNDS, self.rounds)
        return [r for r in self._of(encoder, records) if r.state != State.FAIL and len(r.rounds) >= fewest]

    def _best(self, encoder: str, records: Sequence[TrialRecord]) -> TrialRecord | None:
        return max(
            self._scored(encoder, records),
            key=lambda r: (len(r.rounds), mean_objective(r.rounds, self.metric, self.latest)),
            default=None,
        )

    def _has_failed(self, encoder: str, records: Sequence[TrialRecord]) -> bool:
        own = self._of(encoder, records)
        # A worker that was lost says nothing of it.
        return bool(own) and all(r.state == State.FAIL and r.reason != "worker" for r in own)

    def _is_ahead(self, one: TrialRecord, other: TrialRecord, records: Sequence[TrialRecord]) -> bool:
        common = {item.number for item in one.rounds} & {item.number for item in other.rounds}
        if len(common) < min(FEWEST_ROUNDS, self.rounds):
            return False
        pair = [
            pooled(
                replace(record, rounds=tuple(item for item in record.rounds if item.number in common)),
                self.labels,
                self.kind.target.readout,
                self.latest,
            )
            for record in (one, other)
        ]
        tried = sum(len(r.rounds) > 0 for r in self._of(one.encoder, records))
        return clearly_better(pair[0], pair[1], self.metric, max(CLEARLY, lead_by_luck(tried)))

    def _spent(self, encoder: str, records: Sequence[TrialRecord]) -> float:
        """Seconds, those that running trials will take included."""
        own = self._of(encoder, records)
        done = sum(item.seconds for record in own for item in record.rounds)
        ahead = sum(self.rounds - len(record.rounds) for record in own if record.state == State.RUNNING)
        return done + ahead * self._seconds_per_round(encoder, records)

    def _seconds_per_round(self, encoder: str, records: Sequence[TrialRecord]) -> float:
        """As measured; else in proportion to an encoder's parameters."""
        known = {
            key: statistics.median(seconds)
            for key in self.parameters
            if (seconds := [item.seconds for record in self._of(key, records) for item in record.rounds])
        }
        if encoder in known or not known:
            return known.get(encoder, float(self.parameters[encoder]))
        return statistics.median(
            seconds * self.parameters[encoder] / self.parameters[key] for key, seconds in known.items()
        )
