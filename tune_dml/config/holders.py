"""The file that stands for a lock: who made it, and whether that process lives."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tune_dml.config.file_systems import age

#: Seconds between two touches, and after which a holder on another machine is no longer waited for.
BEAT, ABANDONED = 20.0, 180.0
_TRIES, _PAUSE = 40, 0.05
_UNKNOWN = "unknown"
_FIELDS = {"host": str, "machine": str, "process": int, "started": str, "token": str}


class Held(Exception):
    """Another process holds the lock; the message says which, as far as it is known."""


@dataclass(frozen=True)
class Holder:
    """Who made the file. Process numbers are compared on one ``machine`` only: a boot and a namespace of processes."""

    host: str
    machine: str
    process: int
    started: str
    token: str

    @property
    def name(self) -> str:
        return f"process {self.process} on {self.host}"


def made(file: Path, holder: Holder) -> bool:
    """Whether this process made the file: nobody else has."""
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return False
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(holder)))
    except OSError:
        file.unlink(missing_ok=True)
        raise
    return True


def put_away(file: Path) -> list[str]:
    """Remove the file of a holder that is dead; the sentence about it, none if it is gone already.

    Raises:
        Held: it lives.
    """
    # One process at a time: else one could remove what another has made meanwhile.
    turn = file.with_name(f".{file.name}.turn")
    for _ in range(_TRIES):
        try:
            os.close(os.open(turn, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
            break
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                if age(turn) > ABANDONED:
                    turn.unlink()
        time.sleep(_PAUSE)
    else:
        raise Held("another process")
    try:
        there = read(file)
        who = there.name if there is not None else "another process"
        if is_alive(file, there):
            raise Held(who)
        file.unlink()
    except FileNotFoundError:
        return []
    finally:
        turn.unlink(missing_ok=True)
    return [f"The lock of {who}, which runs no more, is taken over."]


def read(file: Path) -> Holder | None:
    """What the file says; ``None`` if it is gone, or being written."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        return Holder(**{name: kind(values[name]) for name, kind in _FIELDS.items()})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def is_alive(file: Path, holder: Holder | None) -> bool:
    """Whether the process runs, or, where it cannot be asked for, whether it touched the file of late.

    Raises:
        FileNotFoundError: the file is gone.
    """
    if holder is not None and holder.machine == here().machine:
        return _started(holder.process) in (holder.started, _UNKNOWN)
    return abs(age(file)) < ABANDONED


def here() -> Holder:
    """This process, with a token of its own."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        machine = f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        machine = socket.gethostname()
    process = os.getpid()
    return Holder(socket.gethostname(), machine, process, _started(process), secrets.token_hex(8))


def _started(process: int) -> str:
    """When a process of this machine was started, so that another one with its number is told from it; empty if there
    is none."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        # Somebody else's.
        pass
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        state, *rest = stat.rpartition(")")[2].split()
        return "" if state in "ZX" else rest[18]
    except (OSError, IndexError, ValueError):
        return _UNKNOWN


def beat(file: Path, token: str, over: threading.Event) -> None:
    """Touch the file until it is over, or another process's."""
    while not over.wait(BEAT):
        holder = read(file)
        if holder is not None and holder.token != token:
            return
        with contextlib.suppress(OSError):
            os.utime(file)


def remove(file: Path, token: str, over: threading.Event) -> None:
    """Let go of the lock, once."""
    if over.is_set():
        return
    over.set()
    holder = read(file)
    # Not in a fork of the process that made it.
    if holder is not None and (holder.token, holder.process) == (token, os.getpid()):
        with contextlib.suppress(OSError):
            file.unlink()
