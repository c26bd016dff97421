"""What not every file system can do: wait for the disk, lock, tell the time."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import tempfile
import time
from pathlib import Path

#: What a file system says of something that it does not have, whatever was asked.
MISSING = frozenset({errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})
_NOT_WRITTEN = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOSPC, errno.EDQUOT)


def sync(descriptor: int) -> None:
    """Wait until the disk has what was written, on file systems that can say so.

    Raises:
        OSError: the disk does not have it: it is full, or broken.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in MISSING:
            raise


def has_record_locks(folder: Path) -> bool:
    """Whether programs that lock parts of files, such as SQLite, can do so in ``folder``; ``True`` where nothing can be
    written."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in _NOT_WRITTEN
    return True


def age(path: Path) -> float:
    """Seconds since ``path`` was changed, by the clock of the machine that holds the file system.

    Raises:
        FileNotFoundError: it is gone.
    """
    return _now(path) - path.stat().st_mtime


def _now(file: Path) -> float:
    """The time of the machine that holds the file system, whose clock the file's times are of."""
    probe = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with contextlib.closing(probe.open("x")):
            return probe.stat().st_mtime
    except OSError:
        return time.time()
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
