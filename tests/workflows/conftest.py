"""Real searches, small: bert-tiny on BBC headlines, through the command line in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

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


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


def environment() -> dict[str, str]:
    return {**os.environ, "TERM": "dumb", "NO_COLOR": "1"}


@pytest.fixture(scope="session")
def tune_dml() -> Callable[..., Ended]:
    """Run ``tune-dml`` with these arguments."""

    def run(*arguments: str, timeout: float = 240, env: dict[str, str] | None = None) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "tune_dml", *arguments],
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**environment(), **(env or {})},
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def signalled(tmp_path: Path) -> Callable[..., Ended]:
    """Run ``tune-dml`` and send it a signal as soon as ``when(journal text)`` is true."""

    def run(arguments: Sequence[str], journal: Path, when: Callable[[str], bool], number: int) -> Ended:
        out, err = tmp_path / "stdout", tmp_path / "stderr"
        with out.open("w") as stdout, err.open("w") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "tune_dml", *arguments], stdout=stdout, stderr=stderr, env=environment()
            )
            deadline = time.monotonic() + 120
            while not (journal.exists() and when(journal.read_text(errors="replace"))):
                if process.poll() is not None or time.monotonic() > deadline:
                    process.kill()
                    pytest.fail(f"it never came that far: {out.read_text()}{err.read_text()}")
                time.sleep(0.02)
            process.send_signal(number)
            if number == signal.SIGINT:
                process.wait(60)
            else:
                process.wait(10)
        return Ended(process.returncode, out.read_text(), err.read_text())

    return run


@pytest.fixture(scope="session")
def space_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("space") / "tiny.yaml"
    path.write_text(SPACE)
    return path


@dataclass(frozen=True)
class FinishedSearch:
    """A search that ran to its end."""

    results: Path
    folder: Path
    document: dict[str, Any]
    err: str


@pytest.fixture(scope="session")
def finished(
    tune_dml: Callable[..., Ended], space_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> FinishedSearch:
    """One whole search: 6 trials of 3 rounds, baselines, confirm with two seeds, ensemble."""
    results = tmp_path_factory.mktemp("results")
    options = ["--trials", "6", "--space", str(space_file), "--name", "whole", "--results", str(results)]
    ended = tune_dml(*SEARCH, *options, "--ensemble", "--json")
    assert ended.code == 0, ended.err
    return FinishedSearch(results, results / "searches" / "whole", json.loads(ended.out), ended.err)


@pytest.fixture(scope="session")
def search_arguments() -> tuple[str, ...]:
    return SEARCH
