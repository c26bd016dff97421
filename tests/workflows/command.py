"""Commands of ``tune-dml``, each in a process of its own that starts with the libraries imported.

Half of what a small search computes is importing: here a server imports once, and every command is a fork of it. What a
cold start does is tested with ``python -m tune_dml`` in ``tests/cli``, and with a whole search in ``test_readme.py``.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from worker_server import WorkerServer, can_serve

from tune_dml.execution.environment import ENVIRONMENT

_FORKS = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


class Command:
    """A running ``tune-dml`` (with ``-c``, Python code); its output goes into files of ``folder``."""

    def __init__(self, arguments: Sequence[str], folder: Path, cwd: Path | None = None) -> None:
        self._out, self._err = folder / "stdout", folder / "stderr"
        self._process: ForkServerProcess = _FORKS.Process(
            target=_run, args=(list(arguments), str(self._out), str(self._err), str(cwd or Path.cwd()), _python())
        )
        self._process.start()

    def is_running(self) -> bool:
        return self._process.is_alive()

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process.pid is not None
        return self._process.pid

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def ended(self, timeout: float) -> Ended:
        """What it leaves when it ends; it is killed after ``timeout`` seconds."""
        self._process.join(timeout)
        late = self._process.is_alive()
        if late:
            self._process.kill()
            self._process.join()
        out, err = self._out.read_text(), self._err.read_text()
        assert not late, f"still running after {timeout:.0f} s: {out}{err}"
        assert self._process.exitcode is not None
        return Ended(self._process.exitcode, out, err)


def start_server() -> None:
    """Start the process that all commands are forks of."""
    before = dict(os.environ)
    os.environ.update({"TERM": "dumb", "NO_COLOR": "1"})
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    # Of a session that this process has had.
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):
        os.environ.pop(name, None)
    try:
        _FORKS.set_forkserver_preload(["preloaded"])
        # It finds modules where it starts.
        with contextlib.chdir(Path(__file__).parent):
            forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)


_workers = cache(WorkerServer)


def _python() -> str:
    """What starts Python for Ray; where coverage is measured, Python itself: it would not see what a fork does."""
    measured = "COVERAGE_PROCESS_CONFIG" in os.environ
    return _workers().executable if can_serve() and not measured else sys.executable


def _run(arguments: list[str], out: str, err: str, cwd: str, python: str) -> None:
    from tune_dml.cli import main

    sys.executable = python
    # As in a terminal: a test run in the background of a shell script hands down that Ctrl-C is ignored, and one by
    # nohup that terminals may close.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.chdir(cwd)
    for path, number in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    if arguments[0] == "-c":
        exec(arguments[1], {"__name__": "__main__"})
    else:
        sys.argv = ["tune-dml", *arguments]
        raise SystemExit(main())
