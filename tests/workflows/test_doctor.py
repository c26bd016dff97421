"""``tune-dml doctor`` on this machine; on several nodes: ``test_cluster.py``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tune_dml.cli import main
from tune_dml.workflows.doctor import DoctorRequest, check_packages, check_storage, check_tracking, doctor
from tune_dml.workflows.slots import cores


def test_all_is_well_here(tmp_path: Path) -> None:
    checks = doctor(DoctorRequest(encoder="bert-tiny", results=str(tmp_path / "not" / "yet"), gpus_per_trial=0))
    assert [check.says for check in checks if not check.ok] == []
    said = "\n".join(check.says for check in checks)
    for part in ("Ray 2.", "can be written", "MLflow", f"room for {cores()} trial", "bert-tiny is on", "memory: about"):
        assert part in said
    assert not list(tmp_path.iterdir())


def test_what_is_wrong_is_said_with_what_mends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    options = ["--results", str(tmp_path / "file" / "deeper"), "--encoder", str(tmp_path), "--gpus-per-trial", "64"]
    assert main(["doctor", *options, "--tracking-uri", "http://127.0.0.1:9"]) == 3
    lines = capsys.readouterr().out.splitlines()
    wrong = [line for line in lines if line.startswith("WRONG")]
    assert [line.split()[1] for line in wrong] == ["results:", "MLflow:", "A", str(tmp_path)]
    assert lines[0].startswith("OK     Python 3.")
    assert "       Choose another folder with --results." in lines
    assert "       Start it, or check --tracking-uri." in lines
    assert main(["doctor", *options, "--tracking-uri", "gopher://x", "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert [one["ok"] for one in document] == [True, False, False, False, False]
    assert all(one["mend"] for one in document if not one["ok"])


def test_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    checks = doctor(DoctorRequest(address="127.0.0.1:1", encoder="bert-tiny", results=str(tmp_path)))
    [wrong] = [check for check in checks if not check.ok]
    assert "Ray cannot be reached at 127.0.0.1:1" in wrong.says


def test_packages_that_are_too_old() -> None:
    check = check_packages(["torch>=99", "ray[tune]>=2", "mlflow>=1"])
    assert check.says.startswith("packages: tune-dml asks for torch>=99 (here: 2.")


def test_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    assert "GB are free" in check_storage(tmp_path, least=1e15).says
    assert check_tracking(f"sqlite:///{tmp_path}/mlflow.db").says == "MLflow: sqlite store"
