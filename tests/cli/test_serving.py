"""The server that ``tune-dml ui`` starts ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tune_dml

_PROGRAM = """
import os, sys
from tune_dml.cli.ui import serve
child = "import os, time; print(os.getpid(), flush=True); " + sys.argv[1]
sys.exit(serve([sys.executable, "-c", child], os.environ))
"""


def start(child: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, child],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(tune_dml.__file__).parents[1])},
        # A test run in the background of a shell script hands down that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.timeout(60)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_ends_the_server_quietly(number: signal.Signals) -> None:
    process = start("time.sleep(60)")
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    process.send_signal(number)
    _, text = process.communicate(timeout=30)
    assert (process.returncode, text) == (0, "")
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pid)


@pytest.mark.timeout(60)
def test_the_exit_code_of_a_server_that_fails_is_known() -> None:
    process = start("raise SystemExit(5)")
    process.communicate(timeout=30)
    assert process.returncode == 5
