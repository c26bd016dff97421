"""New trials: of one encoder, or of several, each with a search space of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tune_dml.config import State, TrialRecord, Value
from tune_dml.data import SINGLE
from tune_dml.spaces import Space, complete, suggest
from tune_dml.tuning.journal import Journal


@dataclass(frozen=True)
class Arm:
    """An encoder, as the trial loop knows it.

    Attributes:
        key: What trials call it; empty where there is no other.
        space: What is searched with it.
        size, max_length, representation, kind: Of its baselines.
    """

    key: str
    space: Space
    size: str
    max_length: int
    representation: str
    kind: str = SINGLE.name


class Race(Protocol):
    """Which of several encoders trials are given to."""

    def next(self, records: Sequence[TrialRecord]) -> str:
        """What the next trial's is called."""
        ...

    def stays(self, encoder: str, records: Sequence[TrialRecord]) -> bool:
        """Whether it is worth another round."""
        ...


class Proposals:
    """Where the searcher's new trials come from.

    Args:
        spaces: Of each encoder, by what trials call it.
        race: Asked where there are several.
    """

    def __init__(self, journal: Journal, spaces: Mapping[str, Space], race: Race | None = None) -> None:
        self._journal, self._spaces, self._race = journal, spaces, race

    @property
    def of_several(self) -> bool:
        """Whether there are several encoders."""
        return self._race is not None

    def new(self) -> int:
        """The number of a new trial, RUNNING: what its space begins with, else one from the sampler."""
        if self._race is None:
            return self._journal.ask().number
        records = self._journal.records()
        key = self._race.next(records)
        have = sum(self._journal.encoder(record.number) == key for record in records)
        first = self._spaces[key].first
        if have < len(first) and not any(record.state == State.WAITING for record in records):
            row = complete(first[have], self._spaces[key])
            self._journal.enqueue({f"{name} [{key}]": value for name, value in row.items()}, key)
        return self._journal.ask(key).number

    def drawn(self, number: int) -> dict[str, Value]:
        """The configuration of that trial, flat."""
        trial = self._journal.trial(number)
        if self._race is None:
            return suggest(trial, self._spaces[""])
        # A driver may have been killed before it could say which.
        key = self._journal.encoder(number) or next(iter(self._spaces))
        return {"encoder": key, **suggest(_OfEncoder(trial, key), self._spaces[key])}

    def begins(self, record: TrialRecord) -> bool:
        """Whether its encoder's space begins with that trial."""
        if not record.given:
            return False
        if self._race is None:
            return record.number == 0
        own = [r.number for r in self._journal.records() if self._journal.encoder(r.number) == record.encoder]
        return record.number == min(own)

    def is_out(self, record: TrialRecord) -> bool:
        """Whether its encoder is clearly behind another."""
        return self._race is not None and not self._race.stays(record.encoder, self._journal.records())


class _OfEncoder:
    """A trial whose hyperparameters have names of their own: those of other encoders have other ranges."""

    def __init__(self, trial: Any, key: str) -> None:
        self._trial, self._key = trial, key

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        return float(self._trial.suggest_float(f"{name} [{self._key}]", low, high, log=log))

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        return int(self._trial.suggest_int(f"{name} [{self._key}]", low, high, log=log))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return self._trial.suggest_categorical(f"{name} [{self._key}]", choices)
