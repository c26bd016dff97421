"""What ``tune-dml submit`` sends to a cluster, and what it refuses; with a cluster: tests/hosts."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tune_dml.cli import main
from tune_dml.cluster.job_script import Submission, write_job

CLUSTER = "cluster_name: c\nprovider: {type: local, head_ip: 127.0.0.1, worker_ips: []}\nauth: {ssh_user: nobody}\n"


def run(folder: Path, there: Path) -> list[str]:
    """The job's script, with a ``tune-dml`` that writes down its arguments and ends with code 7."""
    program = folder.parent / "bin" / "tune-dml"
    program.parent.mkdir()
    program.write_text(f'#!/bin/bash\nprintf "%s\\n" "$@" > {folder.parent}/arguments\nexit 7\n')
    program.chmod(0o755)
    folder.rename(there)
    home = folder.parent / "home"
    home.mkdir()
    environment = {"PATH": f"{program.parent}:/usr/bin:/bin", "HOME": str(home)}
    assert subprocess.run(["bash", there / "run"], env=environment).returncode == 7
    assert (there / "exit").read_text() == "7\n"
    return (folder.parent / "arguments").read_text().splitlines()


def write(arguments: list[str], given: dict[str, Any], tmp_path: Path, command: str = "search") -> list[str]:
    folder, there = tmp_path / "here", tmp_path / "there"
    folder.mkdir()
    write_job(Submission(command, tuple(arguments), given), "brave-otter", folder, str(there))
    return run(folder, there)


def test_a_search_gets_the_cluster_a_name_and_a_place_for_results(tmp_path: Path) -> None:
    found = write(["--task", "bbc"], {"name": None, "address": None}, tmp_path)
    home = tmp_path / "home"
    assert found == [
        *("search", "--task", "bbc", "--name", "brave-otter"),
        *("--results", f"{home}/tune-dml-results", "--address", "auto"),
    ]


def test_what_was_given_stays(tmp_path: Path) -> None:
    arguments = ["--name", "mine", "--results=/mnt/r", "--address", "10.0.0.1:6379"]
    found = write(arguments, {"name": "mine", "address": "10.0.0.1:6379"}, tmp_path)
    assert found == ["search", *arguments]


def test_no_shell_reads_the_arguments(tmp_path: Path) -> None:
    odd = 'a b\'; touch $HOME/x; echo "$(id)" *'
    found = write(["--task", odd], {"name": None}, tmp_path)
    assert found[2] == odd
    assert not (tmp_path / "home" / "x").exists()


def test_files_go_along(tmp_path: Path) -> None:
    data, spaces = tmp_path / "my data", tmp_path / "spaces"
    data.mkdir()
    (data / "train.csv").write_text("text,label\n")
    spaces.mkdir()
    (spaces / "mine.yaml").write_text("include: [base.yaml]\n")
    (spaces / "base.yaml").write_text("loss: ce\n")
    found = write(["--data", str(data), f"--space={spaces / 'mine.yaml'}"], {"name": None}, tmp_path)
    sent, space = Path(found[2]), Path(found[4])
    assert sent.is_relative_to(tmp_path / "there")
    assert (sent / "train.csv").read_text() == "text,label\n"
    assert space.is_relative_to(tmp_path / "there")
    assert space.with_name("base.yaml").read_text() == "loss: ce\n"


def test_a_shipped_space_is_a_name(tmp_path: Path) -> None:
    assert write(["--space", "supcon"], {"name": None}, tmp_path)[:3] == ["search", "--space", "supcon"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("submit absent.yaml -- search", ["absent.yaml cannot be read"]),
        ("submit text.txt -- search", ["no cluster file"]),
        ("submit broken.yaml -- search", ["is not YAML"]),
        ("submit cluster.yaml", ["after '--'"]),
        ("submit cluster.yaml -- serach", ["'serach'", "'search'"]),
        ("submit cluster.yaml -- search --shot 5", ["no option --shot", "'--shots'"]),
        ("submit cluster.yaml -- search --shots 1", ["--shots"]),
        ("submit cluster.yaml -- resume", ["resume NAME"]),
        (
            "submit cluster.yaml -- search --tracking-uri http://me:hidden@host",
            ["password", "MLFLOW_TRACKING_USERNAME"],
        ),
        ("fetch absent.yaml some", ["absent.yaml cannot be read"]),
        ("fetch . some --from there", ["--from"]),
    ],
)
def test_a_mistake_is_explained_before_anything_is_sent(
    line: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cluster.yaml").write_text(CLUSTER)
    (tmp_path / "text.txt").write_text("hello\n")
    (tmp_path / "broken.yaml").write_text("a: [\n")
    assert main(line.split()) == 2
    said = capfd.readouterr().err
    assert [word for word in words if word not in said] == [], said
    assert "hidden" not in said


def test_a_cluster_whose_token_is_not_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / "cluster.yaml"
    file.write_text(CLUSTER + "file_mounts: {~/.ray/auth_token: ~/.ray/auth_token}\n")
    assert main(["submit", str(file), "--", "search", "--task", "bbc"]) == 3
    assert "ray get-auth-token --generate" in capfd.readouterr().err


def test_a_cluster_that_is_not_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    file = tmp_path / "cluster.yaml"
    file.write_text(CLUSTER)
    assert main(["submit", str(file), "--", "search", "--task", "bbc"]) == 3
    assert f"ray up -y {file}" in capfd.readouterr().err
