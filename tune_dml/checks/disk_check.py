"""The part of ``tune-dml doctor`` that writes, locks and links in the results folder."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from tune_dml.config.file_systems import has_record_locks, sync
from tune_dml.execution.preflight import Check

#: Bytes that a search writes whatever its encoder is: the journal, predictions, MLflow's store, Ray Tune's notes.
LEAST_DISK = 50e6
#: Of an encoder's parameter.
_BYTES = 4
#: Files and folders that a search makes, and as many again.
_LEAST_FILES = 1000
_ELSEWHERE = "Choose another folder with --results."
_BUSY = (errno.EAGAIN, errno.EACCES)


def disk_for(parameters: int, mixed: int = 0) -> float:
    """Bytes that a search's results take at least, by the size of its encoder: in the saved model and in MLflow's copy
    of it; and, until they are mixed, in as many seeds, with the model that is written before another goes."""
    return LEAST_DISK + _BYTES * parameters * (2 + (mixed + 1 if mixed else 0))


def check_storage(results: Path, least: float = LEAST_DISK) -> Check:
    """Whether results can be written, with ``least`` bytes to spare. What is written is removed at once."""
    writable = check_writable(results)
    if not writable.ok:
        return writable
    there = _nearest(results)
    about = os.statvfs(there)
    free = float(about.f_bavail * about.f_frsize)
    mend = "Make room there, or choose another folder with --results."
    if free < least:
        return Check(f"results: only {_size(free)} are free at {results}, and a search needs {_size(least)}", mend)
    # Some file systems do not count them, and say that there are none at all.
    if about.f_files and about.f_favail < _LEAST_FILES:
        return Check(f"results: there is room for only {about.f_favail} more files at {results}", mend)
    return Check(f"{writable.says}, {_size(free)} free")


def check_writable(results: Path) -> Check:
    """Whether a file can be written in the results folder, or where it would be made."""
    try:
        there = _nearest(results)
        if there != results and os.path.lexists(results):
            return Check(f"results: {results} is a link to nothing", _ELSEWHERE)
        if there == results and not there.is_dir():
            return Check(f"results: {results} cannot be written (it is a file)", _ELSEWHERE)
        with tempfile.NamedTemporaryFile(dir=there, prefix=".tune-dml-") as file:
            file.write(b"tune-dml")
            file.flush()
            sync(file.fileno())
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        mend = "Make room there, or choose another folder with --results." if full else _ELSEWHERE
        return Check(f"results: {results} cannot be written ({error.strerror})", mend)
    return Check(f"results: {results} can be written")


def check_file_system(results: Path) -> Check:
    """Which locks and links there are where the results are; a search does without those that are missing."""
    there = _nearest(results)
    with tempfile.TemporaryDirectory(dir=there, prefix=".tune-dml-") as folder:
        path = Path(folder) / "lock"
        with path.open("wb") as file:
            tried = {
                "flock": _failure(lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)),
                "locks for databases": None if has_record_locks(Path(folder)) else "not supported",
                "hard links": _failure(lambda: os.link(path, path.with_name("link"))),
            }
    says = f"file system: that of {results} has"
    lacks = [f"no {what} ({why})" for what, why in tried.items() if why is not None]
    return Check(f"{says} {', '.join(lacks)}; a search does without" if lacks else f"{says} locks and links")


def _failure(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except OSError as error:
        return None if error.errno in _BUSY else error.strerror or type(error).__name__
    return None


def _nearest(results: Path) -> Path:
    """The folder itself, or the one above it that is there."""
    return next(folder for folder in (results, *results.parents) if folder.exists())


def _size(number: float) -> str:
    return f"{number / 1e9:,.1f} GB" if number >= 1e9 else f"{number / 1e6:,.0f} MB"
