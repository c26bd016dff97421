"""The background writer: with a store, without one, and with a server that goes away and comes back."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

import tune_dml
from tune_dml.config import State
from tune_dml.errors import EnvironmentFault
from tune_dml.tracking import Tracker, free_port, reconcile_search


class Stopwatch:
    """Calls a tracker and keeps the longest time a call took."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker
        self.longest = 0.0

    def __getattr__(self, name):
        def call(*args, **kwargs):
            start = time.perf_counter()
            getattr(self.tracker, name)(*args, **kwargs)
            self.longest = max(self.longest, time.perf_counter() - start)

        return call


def pending_of(results, settings):
    path = results / "searches" / settings.name / "mlflow-pending.json"
    return [note["part"] for note in json.loads(path.read_text())["parts"]] if path.exists() else []


def runs_of(client, settings):
    experiment = client.get_experiment_by_name(f"tune-dml/{settings.task.task}")
    runs = client.search_runs([experiment.experiment_id], f"tags.`tune_dml.search` = '{settings.name}'")
    return {run.data.tags.get("tune_dml.trial", "search"): run for run in runs}, len(runs)


def steps_of(client, run, key="so_far/score"):
    return Counter(m.step for m in client.get_metric_history(run.info.run_id, key))


def wait_until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_a_search_from_start_to_end(client, results, make_settings, make_record):
    settings = make_settings()
    warnings: list[str] = []
    tracker = Tracker(settings, results, warnings.append)
    tracker.search_started({"trials": "2"})
    for rounds in range(4):
        tracker.trial_changed(make_record(0, rounds))
    tracker.trial_changed(make_record(0, 3, State.COMPLETE))
    tracker.trial_changed(make_record(1, 1, State.PRUNED))
    tracker.best_score(1, 0.6)
    tracker.best_score(2, 0.65)
    tracker.search_finished("FINISHED", {"test_accuracy": 0.8}, "# Leaderboard", winner="trial-0")
    assert tracker.close()
    runs, count = runs_of(client, settings)
    assert count == 3
    assert {key: run.info.status for key, run in runs.items()} == dict.fromkeys(runs, "FINISHED")
    assert steps_of(client, runs["trial-0"]) == {1: 1, 2: 1, 3: 1}
    assert steps_of(client, runs["search"], "best_cv_accuracy") == {1: 1, 2: 1}
    assert runs["search"].data.metrics["test_accuracy"] == 0.8
    assert warnings == []
    assert pending_of(results, settings) == []


def test_the_end_waits_as_long_as_mlflow_goes_on_taking(client, results, make_settings, make_record):
    settings, trials = make_settings(), 100
    tracker = Tracker(settings, results)
    tracker.search_started({})
    wait_until(lambda: not tracker._owed())
    for number in range(trials):
        tracker.trial_changed(make_record(number, 5, State.COMPLETE))
    begun = time.monotonic()
    assert tracker.close(timeout=1)
    assert time.monotonic() - begun > 1, "too few trials to tell"
    assert runs_of(client, settings)[1] == 1 + trials


def test_a_resume_in_another_process_adds_what_is_missing(client, results, make_settings, make_record):
    settings = make_settings()
    for last in (2, 5):
        tracker = Tracker(settings, results)
        tracker.search_started({"trials": "1"})
        tracker.trial_changed(make_record(0, 1))
        tracker.trial_changed(make_record(0, last, State.COMPLETE if last == 5 else State.RUNNING))
        assert tracker.close()
    runs, count = runs_of(client, settings)
    assert count == 2
    assert runs["trial-0"].info.status == "FINISHED"
    assert steps_of(client, runs["trial-0"]) == dict.fromkeys(range(1, 6), 1)


def test_without_a_server_all_is_noted_and_synced_later(client, results, make_settings, make_record):
    settings = dataclasses.replace(make_settings(), tracking_uri=f"http://127.0.0.1:{free_port(0)}")
    warnings: list[str] = []
    tracker = Tracker(settings, results, warnings.append, retry_seconds=0.05)
    records = [make_record(0, 2, State.COMPLETE), make_record(1, 1, State.PRUNED)]
    tracker.search_started({"trials": "2"})
    for record in records:
        tracker.trial_changed(record)
    tracker.best_score(1, 0.5)
    wait_until(lambda: "best" in pending_of(results, settings))
    tracker.search_finished("KILLED", {"cv_accuracy": 0.5}, "# So far", winner="trial-0", config={"loss": "ce"})
    start = time.monotonic()
    assert not tracker.close(timeout=30)
    assert time.monotonic() - start < 5, "with the server away there is nothing to wait for"
    assert len(warnings) == 1
    assert f"tune-dml sync {settings.name} --results {results}" in warnings[0]
    assert pending_of(results, settings) == ["search", "trial-0", "trial-1", "best", "finish"]

    with pytest.raises(EnvironmentFault, match="connection refused"):
        reconcile_search(settings, results, records)
    assert len(pending_of(results, settings)) == 5

    back = dataclasses.replace(settings, tracking_uri=None)
    assert reconcile_search(back, results, records) == []
    runs, count = runs_of(client, settings)
    assert count == 3
    assert runs["search"].info.status == "KILLED"
    assert runs["search"].data.params == {"trials": "2"}
    assert runs["search"].data.tags["tune_dml.winner"] == "trial-0"
    assert steps_of(client, runs["search"], "best_cv_accuracy") == {1: 1}
    assert pending_of(results, settings) == []


def test_what_mlflow_refuses_is_set_aside_and_the_rest_arrives(client, results, make_settings, make_record):
    settings = make_settings()
    warnings: list[str] = []
    tracker = Tracker(settings, results, warnings.append)
    tracker.trial_changed(make_record(0, 1, params={"a*b": 1}))
    tracker.trial_changed(make_record(1, 1, State.COMPLETE))
    assert not tracker.close()
    runs, _ = runs_of(client, settings)
    assert runs["trial-1"].info.status == "FINISHED"
    assert len(warnings) == 1
    assert "refused trial-0" in warnings[0]
    assert pending_of(results, settings) == ["trial-0"]


def test_what_an_earlier_process_owed_stays_noted_until_it_is_written(client, results, make_settings, make_record):
    settings = make_settings()
    away = dataclasses.replace(settings, tracking_uri=f"http://127.0.0.1:{free_port(0)}")
    first = Tracker(away, results, retry_seconds=0.05)
    first.search_started({})
    first.best_score(1, 0.5)
    first.trial_changed(make_record(0, 1, State.COMPLETE))
    first.search_finished("KILLED", {})
    assert not first.close()
    second = Tracker(settings, results)
    second.search_started({})
    second.best_score(2, 0.6)
    assert not second.close(), "trial-0 was not handed over again"
    assert pending_of(results, settings) == ["trial-0"]
    runs, _ = runs_of(client, settings)
    assert runs["search"].info.status == "RUNNING"
    assert steps_of(client, runs["search"], "best_cv_accuracy") == {1: 1, 2: 1}


def test_a_server_that_is_away_at_the_start_in_the_middle_and_at_the_end(
    client, results, make_settings, make_record, server
):
    settings = dataclasses.replace(make_settings(task="served"), tracking_uri=server.uri)
    warnings: list[str] = []
    tracker = Tracker(settings, results, warnings.append, retry_seconds=0.1)
    timed = Stopwatch(tracker)
    timed.search_started({"trials": "3"})
    timed.trial_changed(make_record(0, 1))
    wait_until(lambda: warnings)
    server.start()
    timed.trial_changed(make_record(0, 2))
    wait_until(lambda: pending_of(results, settings) == [] and not tracker._owed())

    server.stop()
    timed.trial_changed(make_record(0, 3, State.COMPLETE))
    timed.trial_changed(make_record(1, 1, State.PRUNED))
    timed.best_score(1, 0.6)
    wait_until(lambda: len(warnings) == 2)
    wait_until(lambda: "best" in pending_of(results, settings))
    server.start()
    wait_until(lambda: pending_of(results, settings) == [] and not tracker._owed())

    server.stop()
    timed.trial_changed(make_record(2, 2, State.FAIL, reason="nan"))
    timed.search_finished("FINISHED", {"test_accuracy": 0.8}, "# Leaderboard")
    assert not tracker.close()
    assert pending_of(results, settings) == ["trial-2", "finish"]

    assert timed.longest < 0.05
    assert len(warnings) == 3
    back = dataclasses.replace(settings, tracking_uri=None)
    records = [make_record(0, 3, State.COMPLETE), make_record(1, 1, State.PRUNED)]
    assert reconcile_search(back, results, [*records, make_record(2, 2, State.FAIL, reason="nan")]) == []
    runs, count = runs_of(client, settings)
    assert count == 4
    assert {key: run.info.status for key, run in runs.items()} == {
        "search": "FINISHED",
        "trial-0": "FINISHED",
        "trial-1": "FINISHED",
        "trial-2": "FAILED",
    }
    assert steps_of(client, runs["trial-0"]) == {1: 1, 2: 1, 3: 1}
    assert steps_of(client, runs["search"], "best_cv_accuracy") == {1: 1}


def test_nothing_is_printed_and_no_folder_appears(tmp_path, results):
    """A process of its own, with telemetry as a user has it."""
    code = f"""
import pathlib, sys
from tune_dml.config import DrawSettings, SearchSettings, TaskSettings
from tune_dml.tracking import Tracker
settings = SearchSettings('quiet', TaskSettings('SST2'), DrawSettings(), 'e', 'default')
tracker = Tracker(settings, pathlib.Path({str(tmp_path / "r")!r}))
tracker.search_started({{'a': 'b'}})
tracker.search_finished('FINISHED', {{}})
assert tracker.close(120)
from mlflow.telemetry.utils import is_telemetry_disabled
import mlflow
assert is_telemetry_disabled() and mlflow.active_run() is None
"""
    folder = tmp_path / "cwd"
    folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(Path(tune_dml.__file__).parents[1])}
    for name in ("CI", "MLFLOW_DISABLE_TELEMETRY"):
        environment.pop(name, None)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(folder.iterdir()) == []
