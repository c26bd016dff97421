"""ASHA over rounds: who is stopped, who is not, and what a resume knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from ray.tune.schedulers import TrialScheduler

from tune_dml.config import Round, State, TrialRecord
from tune_dml.tuning.ray_insides import Insides
from tune_dml.tuning.scheduler import RoundsASHA


@dataclass
class _Trial:
    trial_id: str
    config: dict[str, Any] = field(default_factory=lambda: {"kind": "trial"})


def _report(scheduler: RoundsASHA, trial: _Trial, round_number: int, score: float, **more: Any) -> str:
    return scheduler.on_trial_result(None, trial, {"round": round_number, "score": score, **more})


def _added(scheduler: RoundsASHA, name: str, kind: str = "trial") -> _Trial:
    trial = _Trial(name, {"kind": kind})
    scheduler.on_trial_add(None, trial)
    return trial


def test_the_worse_half_stops_after_two_rounds_and_ties_survive() -> None:
    scheduler = RoundsASHA(5, Insides(2, local=False))
    trials = {name: _added(scheduler, name) for name in "abcd"}
    assert _report(scheduler, trials["a"], 1, 0.1) == TrialScheduler.CONTINUE
    assert _report(scheduler, trials["a"], 2, 0.6) == TrialScheduler.CONTINUE
    assert _report(scheduler, trials["b"], 2, 0.6) == TrialScheduler.CONTINUE
    assert _report(scheduler, trials["c"], 2, 0.5) == TrialScheduler.STOP
    assert _report(scheduler, trials["d"], 2, 0.7) == TrialScheduler.CONTINUE
    assert _report(scheduler, trials["d"], 5, 0.7) == TrialScheduler.STOP  # it has done all its rounds


def test_what_the_space_begins_with_runs_all_rounds_and_is_held_against() -> None:
    scheduler = RoundsASHA(5, Insides(2, local=False))
    others = [_added(scheduler, name) for name in "ab"]
    first = _Trial("first", {"kind": "trial", "whole": True})
    scheduler.on_trial_add(None, first)
    assert _report(scheduler, others[0], 2, 0.9) == TrialScheduler.CONTINUE
    for number in range(1, 5):
        assert _report(scheduler, first, number, 0.1) == TrialScheduler.CONTINUE
    assert _report(scheduler, first, 5, 0.1) == TrialScheduler.STOP
    # Of 0.9, 0.1 and this one it is among the better half.
    assert _report(scheduler, others[1], 2, 0.5) == TrialScheduler.CONTINUE


def test_baselines_failures_and_jobs_leave_no_trace() -> None:
    scheduler = RoundsASHA(5, Insides(2, local=False))
    baseline = _added(scheduler, "probe", "baseline")
    for number in range(1, 5):
        assert _report(scheduler, baseline, number, 0.99) == TrialScheduler.CONTINUE
    assert _report(scheduler, baseline, 5, 0.99) == TrialScheduler.STOP
    scheduler.on_trial_complete(None, baseline, {"round": 5, "score": 0.99})
    failed = _added(scheduler, "nan")
    assert _report(scheduler, failed, 0, float("-inf"), failed="nan") == TrialScheduler.STOP
    scheduler.on_trial_complete(None, failed, {"round": 0, "score": float("-inf"), "failed": "nan"})
    job = _added(scheduler, "confirm", "job")
    assert _report(scheduler, job, 1, 0.0) == TrialScheduler.STOP
    scheduler.on_trial_complete(None, job, {"round": 1, "score": 0.0})
    trial = _added(scheduler, "first")
    assert _report(scheduler, trial, 2, 0.1) == TrialScheduler.CONTINUE


@pytest.mark.parametrize("rounds", [1, 2, 3, 5, 25])
def test_any_number_of_rounds(rounds: int) -> None:
    scheduler = RoundsASHA(rounds, Insides(2, local=False))
    trial = _added(scheduler, "only")
    decisions = [_report(scheduler, trial, number, 0.5) for number in range(1, rounds + 1)]
    assert decisions == [TrialScheduler.CONTINUE] * (rounds - 1) + [TrialScheduler.STOP]


def test_rungs_are_refilled_after_a_resume() -> None:
    def record(number: int, accuracy: float, rounds: int, state: State) -> TrialRecord:
        done = tuple(
            Round(k, np.arange(2), {}, {"accuracy": accuracy, "macro_f1": 0, "log_loss": 0}, 1.0)
            for k in range(1, rounds + 1)
        )
        return TrialRecord(number, "trial", f"ce #{number}", state, {"loss": "ce"}, done)

    scheduler = RoundsASHA(5, Insides(2, local=False))
    finished = [record(0, 0.8, 5, State.COMPLETE), record(1, 0.6, 2, State.PRUNED), record(2, 0.9, 1, State.RUNNING)]
    scheduler.refill(finished, "accuracy", latest=False)
    assert _report(scheduler, _added(scheduler, "low"), 2, 0.65) == TrialScheduler.STOP
    assert _report(scheduler, _added(scheduler, "high"), 2, 0.75) == TrialScheduler.CONTINUE
