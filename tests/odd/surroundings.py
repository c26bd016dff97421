"""What a command finds around it: variables, limits, rights, and where its output goes."""

from __future__ import annotations

import ctypes
import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Read while Python starts or a library is imported, which has happened in the process that commands are forks of:
#: with one of these a command starts from nothing, as ``python -m tune_dml``.
READ_AT_START = frozenset(
    {"PYTHONIOENCODING", "PYTHONUTF8", "LANG", "LC_ALL", "LC_CTYPE", "HOME", "HF_HUB_OFFLINE", "HF_HOME"}
    | {"OMP_NUM_THREADS", "TZ", "XDG_CACHE_HOME"}
)
_PROJECT = str(Path(__file__).parents[2])
_CAP_DROP, _DAC_OVERRIDE, _DAC_READ_SEARCH = 24, 1, 2
_CAPABILITIES_3 = 0x20080522


@dataclass
class Surroundings:
    """Of all commands of a run.

    Attributes:
        variables: Of the environment; ``None`` where there is to be none.
        acts: Done in the process before anything else, the last thing before it starts: functions of modules.
        patches: Python, for what a system lacks and no variable takes away.
        cold: Whether it starts from nothing, and not as a fork.
        terminal: Columns of a terminal that the output goes to, and not a file; 0 where it does not say how many.
        output_is_lost: Whether nobody reads what is printed.
    """

    variables: dict[str, str | None] = field(default_factory=dict)
    acts: list[Callable[[], object]] = field(default_factory=list)
    patches: list[str] = field(default_factory=list)
    cold: bool = False
    terminal: int | None = None
    output_is_lost: bool = False

    def set(self, **variables: str | None) -> None:
        """Variables of the environment."""
        self.variables |= variables
        self.cold = self.cold or not READ_AT_START.isdisjoint(variables)

    def enter(self, arguments: list[str]) -> None:
        """Makes this process one that is in these surroundings; does not return where it starts from nothing."""
        for name, value in self.variables.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        if "TMPDIR" in self.variables:
            import tempfile

            tempfile.tempdir = None
        if self.terminal is not None:
            _print_to_terminal(self.terminal)
        for act in self.acts:
            act()
        if not self.cold:
            for patch in self.patches:
                exec(patch, {})
            return
        os.environ["PYTHONPATH"] = _PROJECT
        start = "\n".join([*self.patches, "from tune_dml.cli import main", "raise SystemExit(main())"])
        given = ["-c", arguments[1]] if arguments[0] == "-c" else ["-c", start, *arguments]
        given = given if self.patches or arguments[0] == "-c" else ["-m", "tune_dml", *arguments]
        os.execv(sys.executable, [sys.executable, *given])


def as_anybody() -> None:
    """Root may no longer write what is read-only; nor may what it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (_DAC_OVERRIDE, _DAC_READ_SEARCH):
        libc.prctl(_CAP_DROP, capability, 0, 0, 0)
    header = struct.pack("=Ii", _CAPABILITIES_3, 0)
    held = ctypes.create_string_buffer(24)
    if libc.capget(header, held) == 0:
        words = list(struct.unpack("=6I", held.raw))
        kept = ~(1 << _DAC_OVERRIDE | 1 << _DAC_READ_SEARCH) & 0xFFFFFFFF
        words[:3] = [word & kept for word in words[:3]]
        libc.capset(header, struct.pack("=6I", *words))


def close(number: int) -> None:
    """A standard stream that is closed, as cron and daemons leave it."""
    os.close(number)


def print_to_nobody() -> None:
    """As in a pipe whose reader has ended."""
    reading, writing = os.pipe()
    os.close(reading)
    os.dup2(writing, 1)
    os.close(writing)


def print_to(path: str) -> None:
    """Standard output is this file."""
    os.dup2(os.open(path, os.O_WRONLY), 1)


def limit_files(number: int) -> None:
    """``ulimit -n``."""
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))


def enter_group(folder: str) -> None:
    """Into a control group."""
    Path(folder, "cgroup.procs").write_text(str(os.getpid()))


def mask(bits: int) -> None:
    """Of the rights of new files."""
    os.umask(bits)


def _print_to_terminal(columns: int) -> None:
    """What the command prints goes through a terminal into the file that is standard output now."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    file = os.dup(1)
    if os.fork() == 0:
        os.close(slave)
        while _copied(master, file):
            pass
        os._exit(0)
    os.close(master)
    for number in (1, 2):
        os.dup2(slave, number)
    os.close(slave)
    for stream in (sys.stdout, sys.stderr):
        terminal: Any = stream
        terminal.reconfigure(line_buffering=True)


def _copied(source: int, target: int) -> bool:
    try:
        data = os.read(source, 65536)
    except OSError:
        # Nobody has the terminal open any more.
        return False
    return bool(data) and os.write(target, data) > 0
