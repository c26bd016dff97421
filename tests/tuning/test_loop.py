"""The trial loop on real Ray, with trials that only sleep: workers live through trials and jobs."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path
from typing import Any

import pytest
from proposals_of_ce import only_ce

from tune_dml.config import DrawSettings, SearchSettings, State, TaskSettings, TrialRecord
from tune_dml.execution import fetch, ray_session, share
from tune_dml.tuning.jobs import FollowUp, Job, Work
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.loop import Ended, Watch, run_trials
from tune_dml.tuning.sampler import make_sampler

SLOTS = 2


def _work() -> Work:
    """Functions that travel by value: workers cannot import this file."""

    def trial(config: dict[str, Any], metric: str, text: str) -> None:
        import json
        import os
        import time

        import numpy as np
        from ray import tune

        from tune_dml.config import Round
        from tune_dml.config.encoding import round_to_json

        for number in (1, 2):
            time.sleep(0.05)
            p = {"logistic": np.full((2, 2), 0.5, dtype=np.float32)}
            item = Round(
                number,
                np.arange(2),
                p,
                {"accuracy": 0.5, "macro_f1": 0.5, "log_loss": 0.7},
                0.05,
                {"process": float(os.getpid())},
            )
            tune.report({"round": number, "score": 0.5, "payload": json.dumps(round_to_json(item))})

    def job(values: dict[str, Any], text: str) -> tuple[dict[str, Any], object]:
        import os

        if values["number"] == 3:
            raise ValueError("three is too many")
        return {"process": os.getpid()}, text * values["number"]

    return Work({"": (share("ab"),)}, trial, job)


def test_jobs_run_in_the_workers_of_the_trials(tmp_path: Path) -> None:
    settings = SearchSettings("loop", TaskSettings("none"), DrawSettings(), "none", "ce", trials=5, concurrency=SLOTS)
    jobs: list[Job] = [{"number": number} for number in range(5)]
    over: list[bool] = []
    done: dict[int, tuple[int, object]] = {}
    lost: list[tuple[int, str, str]] = []

    def following(trials_over: bool) -> Job | None:
        over.append(trials_over)
        # One at most while trials run.
        return jobs.pop(0) if jobs and (trials_over or len(jobs) == 5) else None

    def ended(job: Job, values: dict[str, Any], attachment: Any) -> None:
        done[job["number"]] = (values["process"], fetch(attachment))

    follow_up = FollowUp(following, ended, lambda job, reason, message: lost.append((job["number"], reason, message)))
    journal = Journal(tmp_path, make_sampler(settings, 0))
    watch = Watch(lambda: False, lambda: False, lambda record: None, lambda: None)
    with ray_session(None, cpus=SLOTS, gpus=0):
        how = run_trials(
            journal, settings, only_ce(journal), _work(), tmp_path / "ray", watch, rounds=2, latest=False,
            follow_up=follow_up,
        )  # fmt: skip
    assert how == Ended.FINISHED
    records = journal.records()
    assert [r.state for r in records] == [State.COMPLETE] * 5
    workers = {item.diagnostics["process"] for r in records for item in r.rounds}
    assert len(workers | {process for process, _ in done.values()}) <= SLOTS
    assert {number: text for number, (_, text) in done.items()} == {0: "", 1: "ab", 2: "abab", 4: "abababab"}
    assert lost == [(3, "error", "ValueError: three is too many")]
    assert sorted(over) == over, "jobs for idle slots first, then those that need every trial"
    assert not (tmp_path / "ray").exists()
    journal.close()


def test_a_driver_that_cannot_write_ends_the_loop_and_fails_no_trial(tmp_path: Path) -> None:
    settings = SearchSettings("full", TaskSettings("none"), DrawSettings(), "none", "ce", trials=9, concurrency=SLOTS)
    journal = Journal(tmp_path, make_sampler(settings, 0))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def changed(record: TrialRecord) -> None:
        if record.number == 3 and record.rounds:
            resource.setrlimit(resource.RLIMIT_FSIZE, (journal.path.stat().st_size + 50, limits[1]))

    watch = Watch(lambda: False, lambda: False, changed, lambda: None)
    with ray_session(None, cpus=SLOTS, gpus=0):
        try:
            with pytest.raises(OSError, match="File too large"):
                run_trials(
                    journal, settings, only_ce(journal), _work(), tmp_path / "ray", watch, rounds=2, latest=False
                )  # fmt: skip
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    journal.close()
    records = Journal(tmp_path, write=False).records()
    assert {r.state for r in records} == {State.COMPLETE, State.RUNNING}
    assert len(records) < 9
    assert not (tmp_path / "ray").exists()


def test_what_is_given_to_an_idle_worker_that_is_gone_runs_elsewhere(tmp_path: Path) -> None:
    settings = SearchSettings("idle", TaskSettings("none"), DrawSettings(), "none", "ce", trials=1, concurrency=1)
    journal = Journal(tmp_path, make_sampler(settings, 0))
    jobs: list[Job] = [{"number": 1}, {"number": 2}]
    done, lost = [], []

    def following(trials_over: bool) -> Job | None:
        if trials_over and len(jobs) == 2:
            process = journal.records()[0].rounds[-1].diagnostics["process"]
            os.kill(int(process), signal.SIGKILL)
        return jobs.pop(0) if trials_over and jobs else None

    follow_up = FollowUp(following, lambda job, *_: done.append(job["number"]), lambda job, *_: lost.append(job))
    watch = Watch(lambda: False, lambda: False, lambda record: None, lambda: None)
    with ray_session(None, cpus=1, gpus=0):
        run_trials(
            journal, settings, only_ce(journal), _work(), tmp_path / "ray", watch, rounds=2, latest=False,
            follow_up=follow_up,
        )  # fmt: skip
    assert (done, lost) == ([1, 2], [])
    assert journal.lost_workers() == {"worker": 1}
    journal.close()


def test_short_trials_start_no_more_workers_than_there_are_slots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    # Left in many a shell from the time of older versions, and refused by Tune of today.
    monkeypatch.setenv("TUNE_RESULT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("RAY_AIR_LOCAL_CACHE_DIR", str(tmp_path / "nowhere"))
    # Tune's other reporter ends the loop before its last trial.
    monkeypatch.setenv("RAY_AIR_NEW_OUTPUT", "1")
    settings = SearchSettings("short", TaskSettings("none"), DrawSettings(), "none", "ce", trials=30, concurrency=4)
    journal = Journal(tmp_path, make_sampler(settings, 0))
    watch = Watch(lambda: False, lambda: False, lambda record: None, lambda: None)
    with ray_session(None, cpus=4, gpus=0):
        run_trials(
            journal, settings, only_ce(journal), _work(), tmp_path / "ray", watch, rounds=2, latest=False
        )  # fmt: skip
        logs = Path(ray._private.worker.global_worker.node.get_logs_dir_path())
        started = {path.stem for path in logs.glob("python-core-worker-*.log")}
    assert [r.state for r in journal.records()] == [State.COMPLETE] * 30
    assert len(started) == 4
    journal.close()
