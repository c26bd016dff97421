"""Between Ray Tune, which asks for configurations and reports rounds, and the journal, which holds the truth.

Ray's own ``OptunaSearch`` tells Optuna that trials which ASHA stopped are complete, with a low-rung score, and leaves
zombies behind where a score is NaN; this one decides by rounds done.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from ray.tune.search import Searcher

from tune_dml.config import State, TrialRecord
from tune_dml.config.encoding import round_from_json, round_to_json
from tune_dml.training.scoring import mean_objective
from tune_dml.training.workload import resolve
from tune_dml.tuning.jobs import FollowUp, Job
from tune_dml.tuning.journal import KINDS, Journal
from tune_dml.tuning.lost import NODE, WORKER_LOSSES
from tune_dml.tuning.proposals import Proposals
from tune_dml.tuning.side_by_side import RoundBoard, forget_boards

_Method = TypeVar("_Method", bound=Callable[..., Any])


def _fault_kept(method: _Method) -> _Method:
    """Keep the first fault of the driver's own (a full disk), and do nothing from then on.

    Ray Tune would take it for a fault of whichever trial it had in hand, and go on.
    """

    @wraps(method)
    def call(self: StudySearcher, *args: Any, **kwargs: Any) -> Any:
        if self.fault is None:
            try:
                return method(self, *args, **kwargs)
            except Exception as error:
                self.fault = error
        return None

    return call  # type: ignore[return-value]


@dataclass
class _Assigned:
    kind: str
    number: int
    job: Job | None = None
    helps: tuple[str, int] | None = None
    failed: str | None = None
    message: str = ""
    lost_alone: int = 0


class StudySearcher(Searcher):
    """Hands out, in this order: baselines, trials that were RUNNING when a driver died, new trials; to slots that would
    be idle, jobs, and rounds of running trials; the other jobs when all trials have ended.

    Args:
        proposals: Where new trials come from.
        rounds: That a complete trial has.
        again: ``(kind, number)`` of what is to be run or finished.
        new_trials: How many more to ask the sampler for.
        on_change: Called with the record after every change of a trial.
        follow_up: Where jobs come from.
        stopping: Whether the search is being stopped: what goes wrong with workers then says nothing.
        boards: Prefix of the names of trials' boards; ``None`` where trials cannot be helped.

    Attributes:
        fault: What the driver could not do; from then on nothing is handed out or stored, and the loop has to end.
    """

    def __init__(
        self,
        journal: Journal,
        proposals: Proposals,
        *,
        metric: str,
        latest: bool,
        rounds: int,
        again: list[tuple[str, int]],
        new_trials: int,
        on_change: Callable[[TrialRecord], None],
        follow_up: FollowUp | None = None,
        boards: str | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(metric="score", mode="max")
        self._journal, self._proposals, self._metric_name, self._latest = journal, proposals, metric, latest
        self._rounds, self._again, self._new = rounds, deque(again), new_trials
        self._on_change, self._follow_up, self._boards = on_change, follow_up, boards
        self._stopping = stopping
        self.fault: Exception | None = None
        # What runs now, by Ray Tune's names.
        self._assigned: dict[str, _Assigned] = {}
        # Boards of running trials that have had a helper; those of them whose every round has a worker.
        self._helped: dict[tuple[str, int], str] = {}
        self._enough_help: set[tuple[str, int]] = set()

    @property
    def trials_over(self) -> bool:
        """Whether every trial and baseline has ended."""
        waiting = self._again or self._new > 0
        return not waiting and all(a.kind not in KINDS for a in self._assigned.values())

    @_fault_kept
    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        """The next configuration."""
        if not self._again and self._new < 1:
            return self._suggest_job(trial_id)
        with self._journal.together():
            if self._again:
                kind, number = self._again.popleft()
            else:
                self._new -= 1
                kind, number = "trial", self._proposals.new()
            if not self._journal.record(kind, number).params:
                self._journal.set_config(number, resolve(self._proposals.drawn(number)).to_dict())
            record = self._journal.record(kind, number)
        self._assigned[trial_id] = _Assigned(kind, number)
        self._on_change(record)
        known = [round_to_json(r) for r in record.rounds]
        board = None if self._boards is None else f"{self._boards}/{kind}-{number}"
        work = json.dumps({"params": dict(record.params), "known": known, "board": board})
        # What a space begins with is what all else is held against: it is stopped with its encoder alone.
        return {"kind": kind, "work": work, "whole": self._proposals.begins(record)}

    def _suggest_job(self, trial_id: str) -> dict[str, Any] | None:
        over = self.trials_over
        job = self._follow_up.next(over) if self._follow_up is not None else None
        if job is not None:
            self._assigned[trial_id] = _Assigned("job", -1, job)
            return {"kind": "job", "work": json.dumps(job)}
        if self._boards is not None and not over and (helped := self._most_to_do()) is not None:
            return self._suggest_help(trial_id, *helped)
        waits = self._follow_up is not None and (not over or self._follow_up.more())
        finished: str | None = None if waits else Searcher.FINISHED
        return finished  # type: ignore[return-value]

    def _most_to_do(self) -> tuple[str, int] | None:
        """The running trial with the most rounds that no worker is at; ``None`` where each has a worker."""
        running = list(self._assigned.values())
        workers = Counter((a.kind, a.number) if a.kind in KINDS else a.helps for a in running)
        free = {
            (a.kind, a.number): self._rounds
            - len(self._journal.record(a.kind, a.number).rounds)
            - workers[a.kind, a.number]
            for a in running
            if a.kind in KINDS and (a.kind, a.number) not in self._enough_help
        }
        most = max(free, key=lambda trial: free[trial], default=None)
        return most if most is not None and free[most] > 0 else None

    def _suggest_help(self, trial_id: str, kind: str, number: int) -> dict[str, Any]:
        self._assigned[trial_id] = _Assigned("help", -1, helps=(kind, number))
        board = self._helped[kind, number] = f"{self._boards}/{kind}-{number}"
        record = self._journal.record(kind, number)
        left = list(range(len(record.rounds) + 1, self._rounds + 1))
        values = {"params": dict(record.params), "board": board, "helper": trial_id, "rounds": left}
        return {"kind": "help", "work": json.dumps(values)}

    def is_out(self, trial_id: str) -> bool:
        """Whether a running trial's encoder is clearly behind another."""
        assigned = self._assigned.get(trial_id)
        return assigned is not None and self._proposals.is_out(self._journal.record(assigned.kind, assigned.number))

    def close(self) -> None:
        """All workers have stopped."""
        if self._boards is not None:
            forget_boards(self._boards)

    @_fault_kept
    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Store how the trial ended; its rounds are stored already (see ``recorder.py``)."""
        assigned = self._assigned.pop(trial_id, None)
        # Ray Tune may say it twice.
        if assigned is None:
            return
        if assigned.helps is not None:
            # It ends when no round is free.
            self._enough_help.add(assigned.helps)
            return
        if (board := self._helped.pop((assigned.kind, assigned.number), None)) is not None:
            RoundBoard(board).close()
        if error and assigned.failed is None:
            if self._stopping():
                return
            assigned.failed = "worker"
        if assigned.job is not None:
            if assigned.failed is not None and self._follow_up is not None:
                self._follow_up.lost(assigned.job, assigned.failed, assigned.message)
            return
        record = self._journal.record(assigned.kind, assigned.number)
        if assigned.failed is not None:
            self._journal.finish(
                assigned.kind, assigned.number, State.FAIL, reason=assigned.failed, message=assigned.message
            )
        elif len(record.rounds) >= self._rounds:
            value = mean_objective(record.rounds, self._metric_name, self._latest)
            self._journal.finish(assigned.kind, assigned.number, State.COMPLETE, value)
        else:
            reason = "encoder" if self._proposals.is_out(record) else "asha"
            self._journal.finish(assigned.kind, assigned.number, State.PRUNED, reason=reason)
        self._on_change(self._journal.record(assigned.kind, assigned.number))

    @_fault_kept
    def lost(self, trial_id: str, cause: str) -> bool:
        """Count a worker that was lost; what it ran begins again elsewhere. Whether it may do so another time."""
        assigned = self._assigned.get(trial_id)
        if assigned is None or self._stopping():
            return True
        self._journal.add_lost(cause, *((assigned.kind, assigned.number) if assigned.kind in KINDS else ()))
        assigned.lost_alone += cause != NODE
        return assigned.lost_alone < WORKER_LOSSES

    @_fault_kept
    def take(self, trial_id: str, result: dict[str, Any]) -> None:
        """Store what a worker reports."""
        assigned = self._assigned.get(trial_id)
        payload, attachment = result.pop("payload", None), result.pop("attachment", None)
        if assigned is None:
            return
        if "failed" in result:
            assigned.failed, assigned.message = str(result["failed"]), str(result.get("message", ""))
        elif payload is None:
            return
        elif assigned.job is not None:
            assert self._follow_up is not None
            self._follow_up.done(assigned.job, json.loads(payload), attachment)
        elif self._journal.add_round(
            assigned.kind, assigned.number, round_from_json(json.loads(payload)), float(result["score"])
        ):
            self._on_change(self._journal.record(assigned.kind, assigned.number))

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles what it runs into its scratch folder, and nobody reads it back."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the journal is the state."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: a resume starts from the journal."""
