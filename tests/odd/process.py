"""Commands as forks of one process that has imported the libraries, as in ``tests/workflows``; here with standard
input, any bytes as output, and an end after so many seconds."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from .surroundings import Surroundings

_FORKS = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Ended:
    """A command that has ended.

    Attributes:
        code: ``None`` where it had to be killed.
        silence: The longest time in which it printed nothing, in seconds.
    """

    code: int | None
    out: str
    err: str
    seconds: float
    silence: float = 0.0

    @property
    def said(self) -> str:
        return f"{self.out}\n{self.err}"


def call(
    arguments: Sequence[str],
    folder: Path,
    limit: float,
    stdin: Path | None = None,
    interrupt_at: Path | None = None,
    surroundings: Surroundings | None = None,
) -> Ended:
    """Runs ``tune-dml`` (with ``-c``, Python code) in ``folder``.

    Args:
        limit: In seconds; then it and all that it started is killed.
        interrupt_at: A file that, once it holds a trial, makes this the moment of Ctrl-C.
        surroundings: What it finds around it; as it is here unless given.
    """
    paths = folder / "stdout", folder / "stderr"
    for path in paths:
        path.write_bytes(b"")
    around = surroundings or Surroundings()
    begun = heard = time.monotonic()
    process = started(_run, list(arguments), str(folder), None if stdin is None else str(stdin), around)
    size, silence = 0, 0.0
    while process.is_alive() and time.monotonic() - begun < limit:
        process.join(0.05)
        now, written = time.monotonic(), sum(path.stat().st_size for path in paths)
        if written != size:
            heard, size = now, written
        silence = max(silence, now - heard)
        if interrupt_at is not None and _has_trial(interrupt_at) and process.is_alive() and process.pid is not None:
            os.kill(process.pid, signal.SIGINT)
            interrupt_at = None
    code = process.exitcode
    if around.terminal is not None:
        time.sleep(0.5)
    with contextlib.suppress(ProcessLookupError):
        # Whatever it has started and left belongs to its session.
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.join()
    found = [path.read_bytes().decode("utf-8", "replace") for path in paths]
    return Ended(code, *found, time.monotonic() - begun, silence)


def started(target: Callable[..., Any], *arguments: Any) -> ForkServerProcess:
    """A function in a fork of the server."""
    process: ForkServerProcess = _FORKS.Process(target=target, args=arguments)
    process.start()
    return process


def _has_trial(journal: Path) -> bool:
    return journal.exists() and journal.stat().st_size > 2_000


def _run(arguments: list[str], folder: str, stdin: str | None, surroundings: Surroundings) -> None:
    from tune_dml.cli import main

    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    for path, number in (("stdout", 1), ("stderr", 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.dup2(os.open(stdin or os.devnull, os.O_RDONLY), 0)
    # As Python makes it in the locale C.UTF-8.
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", newline="\n")  # noqa: SIM115
    sys.stdout.reconfigure(errors="surrogateescape")
    surroundings.enter(arguments)
    if arguments[0] == "-c":
        exec(arguments[1], {"__name__": "__main__"})
        sys.stdout.flush()
    else:
        sys.argv = ["tune-dml", *arguments]
        raise SystemExit(main())
