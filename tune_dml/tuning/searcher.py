"""Between Ray Tune, which asks for configurations and reports rounds, and the journal, which holds the truth.

Ray's own ``OptunaSearch`` tells Optuna that trials which ASHA stopped are complete, with a low-rung score, and leaves
zombies behind where a score is NaN; this one decides by rounds done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ray.tune.search import Searcher

from tune_dml.config import State, TrialRecord
from tune_dml.spaces import Space, suggest
from tune_dml.training.scoring import mean_objective
from tune_dml.training.workload import resolve
from tune_dml.tuning.encoding import round_from_json, round_to_json
from tune_dml.tuning.journal import Journal


@dataclass
class _Assigned:
    kind: str
    number: int
    failed: str | None = None
    message: str = ""
    ended: bool = field(default=False)


class StudySearcher(Searcher):
    """Hands out, in this order: baselines, trials that were RUNNING when a driver died, new trials.

    Args:
        rounds: That a complete trial has.
        again: ``(kind, number)`` of what is to be run or finished.
        new_trials: How many more to ask the sampler for.
        on_change: Called with the record after every change of a trial.
    """

    def __init__(
        self,
        journal: Journal,
        space: Space,
        *,
        metric: str,
        latest: bool,
        rounds: int,
        again: list[tuple[str, int]],
        new_trials: int,
        on_change: Callable[[TrialRecord], None],
    ) -> None:
        super().__init__(metric="score", mode="max")
        self._journal, self._space, self._metric_name, self._latest = journal, space, metric, latest
        self._rounds, self._again, self._new = rounds, deque(again), new_trials
        self._on_change = on_change
        self._assigned: dict[str, _Assigned] = {}

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        """The next configuration."""
        if self._again:
            kind, number = self._again.popleft()
        elif self._new > 0:
            self._new -= 1
            kind, number = "trial", self._journal.ask().number
        else:
            finished: str = Searcher.FINISHED
            return finished  # type: ignore[return-value]
        record = self._journal.record(kind, number)
        if not record.params:
            values = suggest(self._journal.trial(number), self._space)
            self._journal.set_config(number, resolve(values).to_dict())
            record = self._journal.record(kind, number)
        self._assigned[trial_id] = _Assigned(kind, number)
        self._on_change(record)
        return {
            "kind": kind,
            "number": number,
            "params": dict(record.params),
            "known": [round_to_json(r) for r in record.rounds],
        }

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Store a round."""
        self._take(trial_id, result)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Store the last round and how the trial ended."""
        assigned = self._assigned[trial_id]
        if assigned.ended:
            return
        if result:
            self._take(trial_id, result)
        assigned.ended = True
        record = self._journal.record(assigned.kind, assigned.number)
        if error and assigned.failed is None:
            assigned.failed = "worker"
        if assigned.failed is not None:
            self._journal.finish(
                assigned.kind, assigned.number, State.FAIL, reason=assigned.failed, message=assigned.message
            )
        elif len(record.rounds) >= self._rounds:
            value = mean_objective(record.rounds, self._metric_name, self._latest)
            self._journal.finish(assigned.kind, assigned.number, State.COMPLETE, value)
        else:
            self._journal.finish(assigned.kind, assigned.number, State.PRUNED, reason="asha")
        self._on_change(self._journal.record(assigned.kind, assigned.number))

    def _take(self, trial_id: str, result: dict[str, Any]) -> None:
        assigned = self._assigned[trial_id]
        if "failed" in result:
            assigned.failed, assigned.message = str(result["failed"]), str(result.get("message", ""))
            return
        payload = _payload(result)
        if payload is not None and self._journal.add_round(
            assigned.kind, assigned.number, round_from_json(payload), float(result["score"])
        ):
            self._on_change(self._journal.record(assigned.kind, assigned.number))

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles what it runs into its scratch folder, and nobody reads it back."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the journal is the state."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: a resume starts from the journal."""


def _payload(result: dict[str, Any]) -> dict[str, Any] | None:
    """The round in a report, which Ray hands on flattened to ``a/b/c`` keys."""
    if "payload" in result:
        nested: dict[str, Any] = result["payload"]
        return nested
    payload: dict[str, Any] = {}
    for key, value in result.items():
        head, _, rest = key.partition("/")
        if head == "payload":
            *parents, last = rest.split("/")
            level = payload
            for parent in parents:
                level = level.setdefault(parent, {})
            level[last] = value
    return payload or None
