"""Searches to track, and one SQLite store for the whole session (making one costs seconds)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from tune_dml.config import DrawSettings, Round, Scores, SearchSettings, State, TaskSettings, TrialRecord
from tune_dml.tracking import free_port, ui_environment
from tune_dml.tracking.store import connect, embedded_uri

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
                scores=Scores(accuracy=base + 0.1 * (r - 1), macro_f1=base, log_loss=0.7 - 0.1 * r),
                seconds=0.25,
                diagnostics={"train_loss": 1.0 / r, "zero_loss_share": float("nan")},
            )
            for r in range(1, rounds + 1)
        )
        name = f"{loss} #{number}" if kind == "trial" else ("probe", "reference_ce")[number]
        params = {"loss": loss, "lr": 1e-4, "epochs": 20, "dropout": None, "supcon/temperature": 0.1}
        return TrialRecord(number, kind, name, state, more.pop("params", params), done, **more)

    return make


class Server:
    """A real MLflow server on a loopback port, to be stopped and started again on the same store."""

    def __init__(self, folder: Path, results: Path) -> None:
        self.port = free_port(0)
        self.uri = f"http://127.0.0.1:{self.port}"
        self.command = [
            *[sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)],
            *["--workers", "1", "--backend-store-uri", embedded_uri(results)],
            *["--artifacts-destination", str(folder / "served")],
        ]
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, cwd=self.folder, env=ui_environment(), start_new_session=True
            )
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(self.uri + "/health", timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError((self.folder / "server.log").read_text())

    def stop(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture
def server(tmp_path: Path, results: Path, client) -> Iterator[Server]:
    server = Server(tmp_path, results)
    yield server
    server.stop()
