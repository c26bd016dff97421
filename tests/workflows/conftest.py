"""Real searches, small: bert-tiny on BBC headlines, through the command line in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from command import Command, Ended, start_server
from filelock import FileLock
from finished_search import FinishedSearch

SPACE = """
loss: {choices: [ce, supcon, softtriple]}
lr: {float: [1.0e-4, 1.0e-3], log: true}
epochs: 4
max_length: 24
beta: {float: [0.1, 0.9], when: {loss: [supcon, softtriple]}}
first:
  - {loss: supcon, lr: 5.0e-4}
  - {loss: softtriple, lr: 5.0e-4}
  - {loss: ce, lr: 5.0e-4}
"""
SEARCH = ("search", "--task", "bbc", "--encoder", "bert-tiny", "--shots", "25", "--folds", "3", "--confirm-seeds", "2")


@pytest.fixture(scope="session")
def tune_dml(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Ended]:
    """Run ``tune-dml`` with these arguments."""
    start_server()

    def run(*arguments: str, timeout: float = 240, cwd: Path | None = None) -> Ended:
        return Command(arguments, tmp_path_factory.mktemp("output"), cwd).ended(timeout)

    return run


@pytest.fixture(scope="session")
def signalled(tmp_path_factory: pytest.TempPathFactory, tune_dml: Callable[..., Ended]) -> Callable[..., Ended]:
    """Run ``tune-dml`` and send it a signal as soon as ``when(journal text)`` is true."""

    def run(
        arguments: Sequence[str], journal: Path, when: Callable[[str], bool], number: int, cwd: Path | None = None
    ) -> Ended:
        command = Command(arguments, tmp_path_factory.mktemp("output"), cwd)
        deadline = time.monotonic() + 300
        while not (journal.exists() and when(journal.read_text(errors="replace"))):
            if not command.is_running() or time.monotonic() > deadline:
                pytest.fail(f"it never came that far: {command.ended(0)}")
            time.sleep(0.02)
        command.send_signal(number)
        return command.ended(60)

    return run


@pytest.fixture(scope="session")
def with_store(tmp_path_factory: pytest.TempPathFactory, tune_dml: Callable[..., Ended]) -> Callable[[Path], Path]:
    """Make a results folder that has an MLflow store already, as the second search in a folder finds it: MLflow takes
    seconds to make one."""
    shared = _shared(tmp_path_factory)
    store = shared / "store" / "mlflow.db"
    with FileLock(shared / "store.lock"):
        if not store.exists():
            made = tune_dml("-c", f"from tune_dml.tracking.mlflow_store import connect; connect('sqlite:///{store}')")
            assert made.code == 0, made.err

    def make(results: Path) -> Path:
        results.mkdir(parents=True, exist_ok=True)
        shutil.copy(store, results / "mlflow.db")
        return results

    return make


@pytest.fixture(scope="session")
def space_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("space") / "tiny.yaml"
    path.write_text(SPACE)
    return path


@pytest.fixture(scope="session")
def finished(
    tune_dml: Callable[..., Ended], space_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> FinishedSearch:
    """One whole search: 6 trials of 3 rounds, baselines, confirm with two seeds, ensemble. For all test processes."""
    shared = _shared(tmp_path_factory)
    results, said = shared / "finished", shared / "finished.json"
    with FileLock(shared / "finished.lock"):
        if not said.exists():
            options = ["--trials", "6", "--space", str(space_file), "--name", "whole", "--results", str(results)]
            ended = tune_dml(*SEARCH, *options, "--ensemble", "--json")
            assert ended.code == 0, ended.err
            said.write_text(json.dumps([ended.out, ended.err]))
    out, err = json.loads(said.read_text())
    return FinishedSearch(results, results / "searches" / "whole", json.loads(out), err)


@pytest.fixture(scope="session")
def search_arguments() -> tuple[str, ...]:
    return SEARCH


def _shared(factory: pytest.TempPathFactory) -> Path:
    """A folder of all test processes."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
