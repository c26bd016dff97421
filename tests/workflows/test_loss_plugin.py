"""The page on losses: its commands as they stand there, with a loss that a real second package brings."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Ended

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "losses.md").read_text(encoding="utf-8").partition("## A loss of your own")[2]
SMALL = ["--encoder", "bert-tiny", "--trials", "2", "--folds", "2", "--confirm-seeds", "1", "--concurrency", "1"]
PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "prototypes"
version = "1.0"

{entry_point}
[tool.hatch.build.targets.wheel]
include = ["prototypes.py"]
"""


def block(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)
    return str(found)


@pytest.mark.long
def test_a_loss_of_one_s_own(
    tmp_path: Path, tune_dml: Callable[..., Ended], with_store: Callable[[Path], Path]
) -> None:
    with_store(tmp_path / "tune-dml-results")
    (tmp_path / "prototypes.py").write_text(block("python"))
    for command in block("sh").splitlines():
        program, *arguments = shlex.split(command)
        assert program == "tune-dml"
        done = tune_dml(*arguments, *(SMALL if arguments[0] == "search" else []), cwd=tmp_path)
        assert done.code == 0, f"{command}\n{done.out}{done.err}"
        assert "prototypes" in done.out
        if arguments[0] == "search":
            # Two trials, none of which failed: workers have the loss too.
            assert "failed" not in done.out
    best = str(tmp_path / "tune-dml-results" / "searches" / "mine" / "best.yaml")
    for arguments in (["resume", "mine"], ["confirm", "mine", "--seeds", "3"], ["train", "--config", best]):
        refused = tune_dml(*arguments, cwd=tmp_path)
        assert refused.code == 2
        assert "runs only when you ask for it: add --loss-plugin prototypes:SPEC" in refused.err
    trained = tune_dml("train", "--config", best, "--loss-plugin", "prototypes:SPEC", cwd=tmp_path)
    assert trained.code == 0, trained.err


def test_an_installed_package_needs_no_option(tmp_path: Path) -> None:
    package, site = tmp_path / "package", tmp_path / "site"
    package.mkdir()
    (package / "prototypes.py").write_text(block("python"))
    (package / "pyproject.toml").write_text(PROJECT.format(entry_point=block("toml")))
    install = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps"]
    install += ["--no-index", "--no-build-isolation", "--target", str(site), str(package)]
    subprocess.run(install, check=True, timeout=120)
    done = subprocess.run(
        [sys.executable, "-m", "tune_dml", "losses", "prototypes"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(site)])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "Snell et al. 2017" in done.stdout
