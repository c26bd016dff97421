"""Ray's memory monitor takes a worker: its trial is run again, and the cause is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest
from proposals_of_ce import only_ce

from tune_dml.config import DrawSettings, SearchSettings, State, TaskSettings
from tune_dml.execution import ray_session, share
from tune_dml.tuning.jobs import Work
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.loop import Ended, Watch, run_trials
from tune_dml.tuning.sampler import make_sampler

GIGABYTE = 2**30


def _work(marker: Path) -> Work:
    """Functions that travel by value: workers cannot import this file."""

    def trial(config: dict[str, Any], metric: str, marker: str) -> None:
        import json
        import time
        from pathlib import Path

        import numpy as np
        from ray import tune

        from tune_dml.config import Round
        from tune_dml.config.encoding import round_to_json

        for number in (1, 2):
            if number == 2 and not Path(marker).exists():
                Path(marker).touch()
                held = [np.ones(2**24) for _ in range(32)]
                time.sleep(30 + len(held))
            p = {"logistic": np.full((2, 2), 0.5, dtype=np.float32)}
            item = Round(number, np.arange(2), p, {"accuracy": 0.5, "macro_f1": 0.5, "log_loss": 0.7}, 0.05)
            tune.report({"round": number, "score": 0.5, "payload": json.dumps(round_to_json(item))})

    return Work({"": (share(str(marker)),)}, trial)


@pytest.mark.long
@pytest.mark.slow
def test_a_worker_that_the_memory_monitor_takes_is_lost_and_not_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = psutil.virtual_memory()
    if memory.available < 8 * GIGABYTE:
        pytest.skip("not enough memory to use up")
    # Two gigabytes from now; the trial takes four.
    threshold = (memory.total - memory.available + 2 * GIGABYTE) / memory.total
    monkeypatch.setenv("RAY_memory_usage_threshold", str(threshold))
    settings = SearchSettings("memory", TaskSettings("none"), DrawSettings(), "none", "ce", trials=1)
    journal = Journal(tmp_path, make_sampler(settings, 0))
    watch = Watch(lambda: False, lambda: False, lambda record: None, lambda: None)
    with ray_session(None, cpus=1, gpus=0):
        how = run_trials(
            journal, settings, only_ce(journal), _work(tmp_path / "marker"), tmp_path / "ray", watch,
            rounds=2, latest=False,
        )  # fmt: skip
    assert how == Ended.FINISHED
    assert [r.state for r in journal.records()] == [State.COMPLETE]
    assert journal.lost_workers() == {"memory": 1}
    journal.close()
