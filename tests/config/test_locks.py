"""The lock of a search, where the file system has locks and where it has none."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tune_dml.config import holders, locks
from tune_dml.config.locks import Held, Lost, hold, is_held
from tune_dml.errors import EnvironmentFault
from tune_dml.reporting import write_text_atomic

#: What NFS, Lustre, FUSE and others answer where they have no locks.
NONE = [errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK, errno.EINVAL, errno.EIO]
HOLDER = """
import errno, fcntl, os, signal, sys, time
from pathlib import Path
from tune_dml.config.locks import hold

def flock(file, kind):
    raise OSError(errno.ENOSYS, "Function not implemented")

if sys.argv[2] == "none":
    fcntl.flock = flock
held = hold(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def _without_locks(monkeypatch: pytest.MonkeyPatch, number: int = errno.ENOSYS) -> None:
    """A file system, as seen from this process, that answers so."""

    def flock(file: object, kind: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)


def _other_process(path: Path, kind: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(path), kind], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def _killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def _of_other_machine(path: Path, seconds: float) -> Path:
    """The file of a holder on another machine that was last touched ``seconds`` ago."""
    file = path.with_name("driver.holder.lock")
    values = {"host": "node7", "machine": "elsewhere", "process": os.getpid(), "started": "1", "token": "theirs"}
    file.write_text(json.dumps(values))
    os.utime(file, (time.time() - seconds, time.time() - seconds))
    return file


@pytest.mark.parametrize("number", NONE)
def test_without_locks_a_file_stands_for_one(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _without_locks(monkeypatch, number)
    path = tmp_path / "driver.lock"
    assert not is_held(path)
    lock = hold(path)
    assert lock.notes == (f"The file system of {tmp_path} has no locks; the file driver.holder.lock is there for one.",)
    assert is_held(path)
    with pytest.raises(Held, match=f"process {os.getpid()} on "):
        hold(path)
    lock.release()
    assert not is_held(path)
    assert [file.name for file in tmp_path.iterdir()] == ["driver.lock"]
    hold(path).release()


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES])
def test_busy_is_busy(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "driver.lock"
    path.touch()
    _without_locks(monkeypatch, number)
    assert is_held(path)
    with pytest.raises(Held):
        hold(path)


@pytest.mark.parametrize("kind", ["none", "flock"])
def test_another_process_holds_it_until_it_is_killed(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "driver.lock"
    process = _other_process(path, kind)
    try:
        assert is_held(path)
        if kind == "none":
            _without_locks(monkeypatch)
            with pytest.raises(Held, match=f"process {process.pid} on "):
                hold(path)
            # The same folder, through a mount that has locks.
            monkeypatch.undo()
        with pytest.raises(Held):
            hold(path)
        # A process that stands still still holds it.
        process.send_signal(signal.SIGSTOP)
        assert is_held(path)
    finally:
        _killed(process)
    assert not is_held(path)
    if kind == "none":
        _without_locks(monkeypatch)
    lock = hold(path)
    assert any("runs no more, is taken over" in note for note in lock.notes) == (kind == "none")
    lock.release()


def test_a_holder_on_another_machine_is_waited_for_while_it_touches_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_locks(monkeypatch)
    path = tmp_path / "driver.lock"
    file = _of_other_machine(path, seconds=holders.ABANDONED - 60)
    assert is_held(path)
    with pytest.raises(Held, match="on node7"):
        hold(path)
    _of_other_machine(path, seconds=holders.ABANDONED + 60)
    assert not is_held(path)
    lock = hold(path)
    assert "node7, which runs no more, is taken over" in lock.notes[-1]
    lock.release()
    assert not file.exists()


def test_a_process_that_stood_still_for_long_learns_that_it_was_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_locks(monkeypatch)
    path = tmp_path / "driver.lock"
    lock = hold(path)
    lock.check()
    _of_other_machine(path, seconds=0)
    monkeypatch.setattr(lock, "_seen", time.time() - holders.ABANDONED)
    with pytest.raises(Lost, match="on node7"):
        lock.check()
    lock.release()
    assert is_held(path), "the other one's file stays"


def test_the_file_is_touched_while_it_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _without_locks(monkeypatch)
    monkeypatch.setattr(holders, "BEAT", 0.02)
    lock = hold(tmp_path / "driver.lock")
    file = tmp_path / "driver.holder.lock"
    os.utime(file, (0, 0))
    deadline = time.monotonic() + 20
    while file.stat().st_mtime < 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert file.stat().st_mtime > 1
    lock.release()


def test_of_many_that_find_a_dead_ones_file_one_gets_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _without_locks(monkeypatch)
    path = tmp_path / "driver.lock"
    for _ in range(20):
        _of_other_machine(path, seconds=1_000)
        got: list[locks.FileLock] = []
        barrier = threading.Barrier(6)

        def take(got: list[locks.FileLock] = got, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            with contextlib.suppress(Held):
                got.append(hold(path))

        threads = [threading.Thread(target=take) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == 1
        got[0].release()
    assert [file.name for file in tmp_path.iterdir()] == ["driver.lock"]


def test_a_file_system_that_cannot_wait_for_the_disk_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(descriptor: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(os, "fsync", fsync)
    write_text_atomic(tmp_path / "best.yaml", "loss: ce\n")
    assert (tmp_path / "best.yaml").read_text() == "loss: ce\n"

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EnvironmentFault, match="No space left"):
        write_text_atomic(tmp_path / "best.yaml", "loss: supcon\n")
    assert (tmp_path / "best.yaml").read_text() == "loss: ce\n"


def test_the_file_of_a_holder_that_runs_is_not_put_away(tmp_path: Path) -> None:
    file, me = tmp_path / "lock", holders.here()
    assert holders.made(file, me)
    assert not holders.made(file, me)
    with pytest.raises(Held, match=f"process {os.getpid()} on"):
        holders.put_away(file)
    assert holders.read(file) == me
    file.write_text("{")
    assert holders.read(file) is None
    # Just written, by whoever that was.
    with pytest.raises(Held, match="another process"):
        holders.put_away(file)
    long_ago = time.time() - 2 * holders.ABANDONED
    os.utime(file, (long_ago, long_ago))
    assert holders.put_away(file) == ["The lock of another process, which runs no more, is taken over."]
    assert holders.put_away(file) == []


def test_a_turn_that_nobody_takes_any_more_is_no_hindrance(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    turn = tmp_path / ".lock.turn"
    turn.touch()
    long_ago = time.time() - 2 * holders.ABANDONED
    os.utime(turn, (long_ago, long_ago))
    assert holders.put_away(file) == []
    assert not turn.exists()
