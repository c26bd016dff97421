"""What a search, such as of BBC headlines, leaves in the journal and in MLflow."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from mlflow.tracking import MlflowClient


def finished_in(journal: str) -> int:
    """How many trials and baselines have ended, from the text of ``study.log``."""
    return len(re.findall(r'"op_code":6[^\n]*"state":[123]', journal))


def _client(results: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{results / 'mlflow.db'}")


def runs_of(results: Path, task: str = "bbc") -> list[Any]:
    client = _client(results)
    [experiment] = [e for e in client.search_experiments() if e.name == f"tune-dml/{task}"]
    return list(client.search_runs([experiment.experiment_id], max_results=1000))


def check_mlflow(results: Path, records: list[Any], task: str = "bbc", metric: str = "accuracy") -> None:
    client, runs = _client(results), runs_of(results, task)
    children = [r for r in runs if "mlflow.parentRunId" in r.data.tags]
    assert len(runs) - len(children) == 1
    assert Counter(r.info.run_name for r in children) == Counter(r.name for r in records)
    assert all(r.info.status != "RUNNING" for r in runs)
    for record in records:
        [run] = [r for r in children if r.info.run_name == record.name]
        history = client.get_metric_history(run.info.run_id, f"so_far/{metric}")
        assert sorted(point.step for point in history) == [item.number for item in record.rounds]
