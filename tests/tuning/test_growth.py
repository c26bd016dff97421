"""A node joins a cluster while a search runs there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.cluster_nodes import Nodes
from tune_dml.config import DrawSettings, SearchSettings, State, TaskSettings, TrialRecord
from tune_dml.execution import ray_session
from tune_dml.spaces import load_space
from tune_dml.tuning.jobs import Work
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.loop import Watch, run_trials
from tune_dml.tuning.sampler import make_sampler

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("elastic", [True, False])
def test_more_trials_at_a_time_once_a_node_has_joined(tmp_path: Path, elastic: bool) -> None:
    trials = 40 if elastic else 12
    settings = SearchSettings(
        "grows", TaskSettings("none"), DrawSettings(), "none", "ce", trials=trials, concurrency=2, elastic=elastic
    )
    journal, grown = Journal(tmp_path, make_sampler(settings, 0)), []

    # Not at this file's level: workers cannot import it.
    def trial(config: dict[str, Any], metric: str) -> None:
        import json
        import time

        import numpy as np
        import ray
        from ray import tune

        from tune_dml.config import Round, Scores
        from tune_dml.config.encoding import round_to_json

        time.sleep(1)
        node = float(int(ray.get_runtime_context().get_node_id()[:8], 16))
        p = {"logistic": np.full((2, 2), 0.5, dtype=np.float32)}
        item = Round(1, np.arange(2), p, Scores(0.5, 0.5, 0.7), 0.05, {"node": node})
        tune.report({"round": 1, "score": 0.5, "payload": json.dumps(round_to_json(item))})

    at_once: list[int] = []

    def changed(record: TrialRecord) -> None:
        if record.number == 0 and record.state == State.RUNNING and not record.rounds:
            nodes.add()
        at_once.append(sum(r.state == State.RUNNING for r in journal.records()))

    nodes = Nodes()
    try:
        with ray_session(nodes.address, cpus=0, gpus=0):
            watch = Watch(lambda: False, lambda: False, changed, lambda: None, on_growth=grown.append)
            run_trials(
                journal, settings, load_space("ce"), Work((), trial, None), tmp_path / "ray", watch,
                rounds=1, latest=False,
            )  # fmt: skip
    finally:
        nodes.stop()
    records = journal.records()
    assert [r.state for r in records] == [State.COMPLETE] * trials
    on = {item.diagnostics["node"] for r in records for item in r.rounds}
    if elastic:
        assert (grown, len(on), max(at_once)) == ([3], 3, 3)
    else:
        assert (grown, max(at_once)) == ([], 2)
    journal.close()
