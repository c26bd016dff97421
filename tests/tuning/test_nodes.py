"""Nodes that come and go, and GPUs that fail, while the trial loop runs; trials only sleep."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from proposals_of_ce import only_ce

from benchmarks.cluster_nodes import Nodes
from tune_dml.config import DrawSettings, SearchSettings, State, TaskSettings, TrialRecord
from tune_dml.execution import ray_session
from tune_dml.tuning.jobs import Work
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.loop import Watch, run_trials
from tune_dml.tuning.sampler import make_sampler

pytestmark = pytest.mark.slow


def _trial() -> Any:
    """A function that travels by value: workers cannot import this file."""

    def trial(config: dict[str, Any], metric: str) -> None:
        import json
        import time

        import numpy as np
        import ray
        import torch
        from ray import tune

        from tune_dml.config import Round
        from tune_dml.config.encoding import round_to_json
        from tune_dml.tuning.lost import note_node

        node = float(int(ray.get_runtime_context().get_node_id()[:8], 16))
        gpus = [int(gpu) for gpu in ray.get_gpu_ids()]
        if gpus == [0]:
            error = torch.AcceleratorError("CUDA error: uncorrectable ECC error encountered")
            note_node(error)
            raise error
        for number in (1, 2):
            time.sleep(0.5)
            p = {"logistic": np.full((2, 2), 0.5, dtype=np.float32)}
            item = Round(
                number,
                np.arange(2),
                p,
                {"accuracy": 0.5, "macro_f1": 0.5, "log_loss": 0.7},
                0.05,
                {"node": node, "gpu": sum(gpus)},
            )
            tune.report({"round": number, "score": 0.5, "payload": json.dumps(round_to_json(item))})

    return trial


def _settings(trials: int, **others: Any) -> SearchSettings:
    return SearchSettings(
        "nodes", TaskSettings("none"), DrawSettings(), "none", "ce", trials=trials, concurrency=2, **others
    )


def _run(settings: SearchSettings, journal: Journal, work: Work, watch: Watch, folder: Path) -> list[TrialRecord]:
    run_trials(journal, settings, only_ce(journal), work, folder / "ray", watch, rounds=2, latest=False)
    return journal.records()


def _watch(changed: Any = lambda record: None, said: Any = lambda sentence: None) -> Watch:
    return Watch(lambda: False, lambda: False, changed, lambda: None, on_machines=said)


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Call a function in a process of its own: this one may have used Ray with a token, which these clusters lack."""
    for name in [name for name in os.environ if name.startswith("RAY_AUTH_")]:
        monkeypatch.delenv(name)

    def call(function: Callable[..., Any], *arguments: Any) -> Any:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            return pool.submit(function, *arguments).result()

    return call


@pytest.mark.long
@pytest.mark.parametrize("elastic", [True, False])
def test_more_trials_at_a_time_once_a_node_has_joined(tmp_path: Path, elastic: bool, apart: Callable[..., Any]) -> None:
    said, most_at_once = apart(_a_node_joins, tmp_path, elastic)
    records = Journal(tmp_path, write=False).records()
    assert {r.state for r in records} == {State.COMPLETE}
    on = {item.diagnostics["node"] for r in records for item in r.rounds}
    assert most_at_once == len(on) == 3 if elastic else most_at_once == 2
    assert said == (["machines have joined; 3 trials at a time"] if elastic else [])


def _a_node_joins(folder: Path, elastic: bool) -> tuple[list[str], int]:
    """What was said, and how many trials ran at a time at most."""
    settings = _settings(40 if elastic else 12, elastic=elastic)
    journal = Journal(folder, make_sampler(settings, 0))
    said: list[str] = []
    at_once: list[int] = []

    def changed(record: TrialRecord) -> None:
        if record.number == 0 and record.state == State.RUNNING and not record.rounds:
            nodes.add()
        at_once.append(sum(r.state == State.RUNNING for r in journal.records()))

    nodes = Nodes()
    try:
        with ray_session(nodes.address, cpus=0, gpus=0):
            _run(settings, journal, Work({"": ()}, _trial()), _watch(changed, said.append), folder)
    finally:
        nodes.stop()
    return said, max(at_once)


@pytest.mark.long
def test_what_a_lost_node_ran_takes_the_first_worker_that_is_idle(tmp_path: Path, apart: Callable[..., Any]) -> None:
    longest_wait = apart(_a_node_is_lost, tmp_path)
    journal = Journal(tmp_path, write=False)
    assert {r.state for r in journal.records()} == {State.COMPLETE}
    assert sum(journal.lost_workers().values()) == 1
    # Not a minute, which its own new worker would be waited for.
    assert longest_wait < 45


def _a_node_is_lost(folder: Path) -> float:
    """Seconds, the most that passed between two changes of trials from the loss on."""
    settings = _settings(6)
    journal = Journal(folder, make_sampler(settings, 0))
    changes: list[float] = []

    def changed(record: TrialRecord) -> None:
        if record.rounds and not changes:
            nodes.kill()
        if record.rounds or changes:
            changes.append(time.monotonic())

    nodes = Nodes()
    try:
        with ray_session(nodes.address, cpus=0, gpus=0):
            _run(settings, journal, Work({"": ()}, _trial()), _watch(changed), folder)
    finally:
        nodes.stop()
    return float(max(np.diff(changes)))


@pytest.mark.long
def test_a_gpu_that_fails_gets_no_more_trials(tmp_path: Path) -> None:
    def works() -> bool:
        import ray

        return [int(gpu) for gpu in ray.get_gpu_ids()] != [0]

    settings = _settings(12, gpus_per_trial=1.0)
    journal = Journal(tmp_path, make_sampler(settings, 0))
    said: list[str] = []
    with ray_session(None, cpus=4, gpus=2):
        work = Work({"": ()}, _trial(), gpu_works=works)
        records = _run(settings, journal, work, _watch(said=said.append), tmp_path)
    assert {r.state for r in records} == {State.COMPLETE}
    assert {item.diagnostics["gpu"] for r in records for item in r.rounds} == {1.0}
    assert len(said) == 1
    assert said[0].endswith("fails; no more trials are given to it")
    assert set(journal.lost_workers()) == {"gpu"}
    assert journal.lost_workers()["gpu"] <= 3
    journal.close()
