"""The budgets: when to stop trials so that confirm still fits into the time, and when they have spent their rounds."""

from __future__ import annotations

import math
import statistics
import time

from tune_dml.config import State, TrialRecord
from tune_dml.driver.prepared import Prepared
from tune_dml.evaluation import leader
from tune_dml.evaluation.soups import MOST_SEEDS

#: Seconds that confirm's reserve adds to its estimate: to finish, write and register.
RESERVE_SECONDS = 10.0
RESERVE_FACTOR = 1.25


class TimeBudget:
    """Of one search: time, rounds, seconds of training.

    Args:
        begun: ``time.monotonic()`` at the start of the command.
        known: Trials and baselines by name, kept current by the caller.
    """

    def __init__(self, prepared: Prepared, begun: float, known: dict[str, TrialRecord]) -> None:
        budget = prepared.about.settings.time_budget
        self._deadline = None if budget is None else begun + budget
        self._prepared, self._known = prepared, known
        self._given: dict[str, float] = {}
        self._start: float | None = None

    def changed(self, record: TrialRecord) -> None:
        """A trial was handed out, or has done a round: the first of all tells how long workers take to start."""
        now = time.monotonic()
        if not record.rounds:
            self._given.setdefault(record.name, now)
        elif self._start is None and record.name in self._given:
            self._start = max(0.0, now - self._given[record.name] - record.rounds[0].seconds)

    def left(self) -> float | None:
        """Seconds for trials; ``None`` without a budget."""
        return None if self._deadline is None else self._deadline - time.monotonic() - self._reserve()

    def is_spent(self) -> bool:
        """Whether what is left is needed for confirm, or the rounds or seconds of training that trials have are spent.

        Not before a trial has a score, for without one there is nothing to confirm: the first round of the first
        trial overruns a budget that is too short for it. Where all trials fail, the whole budget is used.
        """
        if self._has_trained_enough():
            return True
        left = self.left()
        if self._deadline is None or left is None:
            return False
        trials = [r for r in self._known.values() if r.kind == "trial"]
        if any(r.rounds for r in trials):
            return left <= 0
        return any(r.state == State.FAIL for r in trials) and time.monotonic() > self._deadline

    def _has_trained_enough(self) -> bool:
        settings = self._prepared.about.settings
        if settings.max_rounds is None and settings.training_budget is None:
            return False
        rounds = [item for r in self._known.values() if r.kind == "trial" for item in r.rounds]
        spent = sum(item.seconds for item in rounds)
        most, budget = settings.max_rounds, settings.training_budget
        return (most is not None and len(rounds) >= most) or (budget is not None and spent >= budget)

    def _reserve(self) -> float:
        """Seconds that confirm will take, from what rounds took so far. Its workers start anew."""
        settings = self._prepared.about.settings
        rounds = [item for r in self._of_leader() for item in r.rounds if item.diagnostics.get("steps", 0) > 0]
        if not settings.confirm or not rounds:
            return RESERVE_SECONDS
        seconds = statistics.median(item.seconds for item in rounds)
        texts = statistics.median(item.diagnostics["steps"] * 16 for item in rounds)
        # A step costs about three forward passes.
        per_text = seconds / max(1.0, 3 * texts)
        folds = 1 if self._prepared.about.by_schedule else max(2, settings.draw.folds)
        whole = seconds * (folds / (folds - 1) if folds > 1 else 1.25)
        scoring = per_text * (0 if self._prepared.test is None else len(self._prepared.test))
        runs = (settings.confirm_seeds * 5 + 1) if self._prepared.about.has_test else 1
        if settings.soup and runs > 1:
            # Its seeds once more, on a part of the draw, and reading it out.
            runs += min(MOST_SEEDS, settings.confirm_seeds) + 1
        slots = max(1, settings.concurrency)
        return RESERVE_SECONDS + (self._start or 0.0) + RESERVE_FACTOR * math.ceil(runs / slots) * (whole + scoring)

    def _of_leader(self) -> list[TrialRecord]:
        """Of several encoders, what is known of the one that is most likely to be confirmed: the leader's, or while
        there is none, of all."""
        about, known = self._prepared.about, list(self._known.values())
        if len(self._prepared.encoders) == 1:
            return known
        best = leader(known, about.settings.metric, about.rounds, about.by_schedule)
        return known if best is None else [r for r in known if r.encoder == best.encoder]
