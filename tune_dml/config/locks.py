"""A lock that one process holds, with a file system that has locks and with one that has none.

Where ``flock`` works, the system lets go of it when its process ends, however it ends. Where it does not (NFS without
its lock service, Lustre without ``-o flock``, some FUSE file systems), a file that only one process can create says who
holds the lock. Its holder touches it while it runs: a process of this machine is asked for, one of another machine that
has not touched the file for :data:`ABANDONED` seconds is taken for dead.
"""

from __future__ import annotations

import errno
import fcntl
import threading
import time
import weakref
from pathlib import Path
from typing import TextIO

from tune_dml.config.holders import ABANDONED, Held, Holder, beat, here, is_alive, made, put_away, read, remove

__all__ = ["FileLock", "Held", "Lost", "hold", "is_held"]

_BUSY = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES)
#: Somebody who only looks whether the lock is held has it for a moment.
_TRIES, _PAUSE = 4, 0.05


class Lost(Exception):
    """The lock was taken over by another process, which had not heard of this one for long."""


class FileLock:
    """The lock, held until :meth:`release`, or until the process ends.

    Attributes:
        notes: Sentences for the user: that the file system has no locks, and whose lock was taken over.
    """

    def __init__(self, guard: TextIO | None, file: Path, holder: Holder | None, notes: tuple[str, ...]) -> None:
        self.notes = notes
        self._guard = guard
        self._file, self._holder = file, holder
        self._seen = time.time()
        self._over = threading.Event()
        if holder is not None:
            weakref.finalize(self, remove, file, holder.token, self._over)
            threading.Thread(target=beat, args=(file, holder.token, self._over), daemon=True).start()

    def check(self) -> None:
        """Make sure that the lock is still held, after a time in which this process may have been stopped.

        Raises:
            Lost: it is not.
        """
        now = time.time()
        if self._holder is not None and not self._over.is_set() and abs(now - self._seen) > ABANDONED / 2:
            other = read(self._file)
            if other is None or other.token != self._holder.token:
                raise Lost(other.name if other is not None else "another process")
            self._seen = now

    def release(self) -> None:
        """Let another process hold it."""
        if self._guard is not None:
            self._guard.close()
            self._guard = None
        if self._holder is not None:
            remove(self._file, self._holder.token, self._over)


def hold(path: Path) -> FileLock:
    """Hold the lock at ``path``, a file that is made and stays.

    Raises:
        Held: another process does, or this one already.
        OSError: the file cannot be made.
    """
    guard = path.open("a+")
    try:
        has_locks = _locked(guard, fcntl.LOCK_EX)
        if has_locks is False:
            raise Held("another process")
        notes: list[str] = []
        file = _file_of(path)
        if has_locks:
            # Its holder may see the same folder through a mount without locks.
            if file.exists():
                notes += put_away(file)
            return FileLock(guard, file, None, tuple(notes))
    except BaseException:
        guard.close()
        raise
    guard.close()
    notes.append(f"The file system of {path.parent} has no locks; the file {file.name} is there for one.")
    holder = here()
    while not made(file, holder):
        notes += put_away(file)
    return FileLock(None, file, holder, tuple(notes))


def is_held(path: Path) -> bool:
    """Whether a process holds the lock at ``path``."""
    try:
        with path.open("r") as guard:
            if _locked(guard, fcntl.LOCK_SH) is False:
                return True
    except OSError:
        # Not made yet, or somebody else's.
        pass
    file = _file_of(path)
    try:
        return file.exists() and is_alive(file, read(file))
    except FileNotFoundError:
        return False


def _file_of(path: Path) -> Path:
    return path.with_name(f"{path.stem}.holder{path.suffix}")


def _locked(guard: TextIO, kind: int) -> bool | None:
    """Whether ``flock`` gave the lock; ``None`` where there is no such thing."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(guard, kind | fcntl.LOCK_NB)
            return True
        except OSError as error:
            if error.errno not in _BUSY:
                return None
        if kind == fcntl.LOCK_SH:
            break
        time.sleep(_PAUSE)
    return False
