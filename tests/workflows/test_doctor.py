"""``tune-dml doctor`` on this machine; faults: ``test_planted_faults.py``; several nodes: ``test_cluster.py``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tune_dml.cli import main
from tune_dml.execution.this_machine import cores
from tune_dml.workflows.doctor import DoctorRequest, check_packages, check_storage, check_tracking, doctor

#: What doctor may take on two idle cores, and on two that another test process shares.
MOST_SECONDS = 30.0 if "PYTEST_XDIST_WORKER" in os.environ else 20.0


@dataclass(frozen=True)
class Looked:
    """What a whole doctor, in a process of its own, said, and what it took.

    Attributes:
        seconds: On a clock, or of processors, whichever is less: other tests run beside this one.
    """

    checks: list[dict[str, Any]]
    folder: Path
    seconds: float


@pytest.fixture(scope="module")
def looked() -> Iterator[Looked]:
    # Ray's sockets need a short path.
    with tempfile.TemporaryDirectory(prefix="td", dir="/tmp") as name:
        folder = Path(name)
        for part in ("tmp", "here"):
            (folder / part).mkdir()
        environment = os.environ | {"RAY_TMPDIR": str(folder / "tmp")}
        command = [sys.executable, "-m", "tune_dml", "doctor", "--encoder", "bert-tiny", "--gpus-per-trial", "0"]
        options = ["--results", str(folder / "not" / "yet"), "--tracking-uri", f"sqlite:///{folder}/no/mlflow.db"]
        begun, before = time.monotonic(), os.times()
        ended = subprocess.run(
            [*command, *options, "--json"], cwd=folder / "here", env=environment, capture_output=True, text=True
        )
        after, wall = os.times(), time.monotonic() - begun
        assert ended.returncode == 0, ended.stdout + ended.stderr
        used = after.children_user + after.children_system - before.children_user - before.children_system
        yield Looked(json.loads(ended.stdout), folder, min(wall, used))


def test_all_is_well_here(looked: Looked) -> None:
    assert all(check["ok"] for check in looked.checks)
    said = "\n".join(check["says"] for check in looked.checks)
    for part in (
        "Ray 2.",
        f"limits: {cores():g}",
        "can be written",
        "locks and links",
        "MLflow",
        "shared memory",
        "Ray: starts, and a worker answers",
        f"room for {int(cores())} trial",
        "bert-tiny is on",
        "memory: about",
    ):
        assert part in said


def test_nothing_is_left_behind(looked: Looked) -> None:
    left = [path for path in looked.folder.rglob("*") if path not in (looked.folder / "tmp", looked.folder / "here")]
    assert [path for path in left if path != looked.folder / "tmp" / "ray"] == []
    for _ in range(100):
        running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.parent.exists()]
        if not any(str(looked.folder).encode() in command for command in running):
            break
        time.sleep(0.1)
    else:
        pytest.fail("some process of Ray's is left")


def test_it_takes_seconds(looked: Looked) -> None:
    assert looked.seconds <= MOST_SECONDS


def test_a_folder_that_ray_cannot_have_is_named_with_the_variable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "tune_dml", "doctor", "--encoder", "bert-tiny", "--gpus-per-trial", "0", "--json"]
    environment = os.environ | {"RAY_TMPDIR": str(tmp_path / "file")}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    [wrong] = [check for check in json.loads(ended.stdout) if not check["ok"]]
    assert ended.returncode == 3
    assert wrong["says"].startswith("Ray")
    assert "RAY_TMPDIR" in wrong["mend"]


def test_what_is_wrong_is_said_with_what_mends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    options = ["--results", str(tmp_path / "file" / "deeper"), "--encoder", str(tmp_path), "--address", "127.0.0.1:1"]
    assert main(["doctor", *options, "--tracking-uri", "http://127.0.0.1:9"]) == 3
    lines = capsys.readouterr().out.splitlines()
    wrong = [line for line in lines if line.startswith("WRONG")]
    assert [line.split()[1] for line in wrong] == ["results:", "MLflow:", "Ray", str(tmp_path)]
    assert lines[0].startswith("OK     Python 3.")
    assert "       Choose another folder with --results." in lines
    assert "       Start it, or check --tracking-uri." in lines
    assert main(["doctor", *options, "--tracking-uri", "gopher://x", "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert [one["ok"] for one in document] == [True, True, False, False, False, False]
    assert all(one["mend"] for one in document if not one["ok"])


def test_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    checks = doctor(DoctorRequest(address="127.0.0.1:1", encoder="bert-tiny", results=str(tmp_path)))
    [wrong] = [check for check in checks if not check.ok]
    assert "Ray cannot be reached at 127.0.0.1:1" in wrong.says


def test_packages_that_are_too_old() -> None:
    check = check_packages(["torch>=99", "ray[tune]>=2", "mlflow>=1"])
    assert check.says.startswith("packages: tune-dml asks for torch>=99 (here: 2.")
    assert check.mend == "pip install 'torch>=99'"


def test_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    assert "GB are free" in check_storage(tmp_path, least=1e15).says
    assert check_tracking(f"sqlite:///{tmp_path}/new/mlflow.db", tmp_path).says == "MLflow: sqlite store"
    assert list(tmp_path.iterdir()) == []
