"""Searches to track, and one SQLite store for the whole session (making one costs seconds)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from benchmarks.mlflow_server import Server
from tune_dml.config import DrawSettings, Round, SearchSettings, State, TaskSettings, TrialRecord
from tune_dml.tracking.mlflow_store import connect, embedded_uri

MakeSettings = Callable[..., SearchSettings]
MakeRecord = Callable[..., TrialRecord]
_numbers = count()


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tracking-results")


@pytest.fixture(scope="session")
def client(results: Path):
    return connect(embedded_uri(results))


@pytest.fixture
def make_settings() -> MakeSettings:
    """A search with a name of its own."""

    def make(task: str = "SST2", shots: int | None = 50, draw: int = 0, **more) -> SearchSettings:
        name = f"search-{next(_numbers)}"
        settings = {"encoder": "all-MiniLM-L6-v2", "space": "default", "name": name, **more}
        return SearchSettings(task=TaskSettings(task), draw=DrawSettings(shots=shots, draw=draw), **settings)

    return make


@pytest.fixture
def make_record() -> MakeRecord:
    def make(
        number: int, rounds: int, state: State = State.RUNNING, kind: str = "trial", base: float = 0.5, **more
    ) -> TrialRecord:
        loss = "supcon"
        done = tuple(
            Round(
                number=r,
                rows=np.arange(2),
                probabilities={"logistic": np.full((2, 2), 0.5, dtype=np.float32)},
                scores={"accuracy": base + 0.1 * (r - 1), "macro_f1": base, "log_loss": 0.7 - 0.1 * r},
                seconds=0.25,
                diagnostics={"train_loss": 1.0 / r, "zero_loss_share": float("nan")},
            )
            for r in range(1, rounds + 1)
        )
        name = f"{loss} #{number}" if kind == "trial" else ("probe", "reference_ce")[number]
        params = {"loss": loss, "lr": 1e-4, "epochs": 20, "dropout": None, "supcon/temperature": 0.1}
        return TrialRecord(number, kind, name, state, more.pop("params", params), done, **more)

    return make


@pytest.fixture
def server(tmp_path: Path, results: Path, client) -> Iterator[Server]:
    server = Server(tmp_path, results)
    yield server
    server.stop()


@pytest.fixture
def best_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, Path], Path]]:
    """What one loads as ``models:/NAME@best`` out of the store of a results folder."""
    import mlflow

    # MLflow sets them, and leaves the second one.
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.setenv(name, "")

    def downloaded(name: str, results: Path) -> Path:
        mlflow.set_tracking_uri(embedded_uri(results))
        mlflow.set_registry_uri(embedded_uri(results))
        return Path(mlflow.artifacts.download_artifacts(f"models:/{name}@best"))

    yield downloaded
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)
