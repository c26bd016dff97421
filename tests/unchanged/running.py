"""Runs the searches with the ``tune_dml`` of a checkout, each in a process of its own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .searches import SHARED, Search

_WHERE = "import tune_dml; print(tune_dml.__file__)"


def run(checkout: Path, folder: Path, searches: Sequence[Search]) -> int:
    """Write the results of ``searches`` below ``folder``, and beside them what the commands said.

    Returns:
        1 if one failed, else 0.

    Raises:
        SystemExit: ``folder`` has something in it, or Python takes another ``tune_dml`` than the checkout's.
    """
    checkout, folder = checkout.resolve(), folder.resolve()
    if folder.exists() and any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty.")
    data, neutral = folder / "data", folder / "neutral"
    for place in (data, neutral):
        place.mkdir(parents=True)
    environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    asked = subprocess.run(
        [sys.executable, "-c", _WHERE], env=environment, cwd=neutral, capture_output=True, text=True, check=True
    )
    taken = Path(asked.stdout.strip()).resolve()
    if not taken.is_relative_to(checkout / "tune_dml"):
        raise SystemExit(f"Python takes tune_dml from {taken.parent}, and not from {checkout}.")
    print(f"tune_dml of {checkout}, {_commit(checkout)}", flush=True)
    failed = 0
    for search in searches:
        for name, content in search.files.items():
            (data / name).write_text(content, encoding="utf-8")
        arguments = [argument.format(folder=data) for argument in shlex.split(f"{search.arguments} {SHARED}")]
        command = [sys.executable, "-m", "tune_dml", "search", *arguments]
        command += ["--name", search.name, "--results", str(folder)]
        begun = time.monotonic()
        with (folder / f"{search.name}.txt").open("w") as said:
            code = subprocess.call(command, env=environment, cwd=neutral, stdout=said, stderr=subprocess.STDOUT)
        failed += code != 0
        print(f"{search.name}: exit code {code}, {time.monotonic() - begun:.0f} s", flush=True)
    return 1 if failed else 0


def _commit(checkout: Path) -> str:
    """What git calls the state of a checkout."""
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--abbrev=12"]
    described = subprocess.run(command, capture_output=True, text=True)
    return described.stdout.strip() or "not a checkout of git"
