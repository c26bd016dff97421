"""The part of ``tune-dml doctor`` that writes, locks and links in the results folder."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from tune_dml.execution.preflight import Check

#: Bytes that a search writes whatever its encoder is: the journal, predictions, MLflow's store, Ray Tune's notes.
LEAST_DISK = 50e6
#: Of the encoder's parameters in the saved model, and in MLflow's copy of it.
_BYTES_PER_PARAMETER = 8
#: Files and folders that a search makes, and as many again.
_LEAST_FILES = 1000
_ELSEWHERE = "Choose another folder with --results."
_BUSY = (errno.EAGAIN, errno.EACCES)


def disk_for(parameters: int) -> float:
    """Bytes that a search's results take at least, by the size of its encoder."""
    return LEAST_DISK + _BYTES_PER_PARAMETER * parameters


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
            os.fsync(file.fileno())
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        mend = "Make room there, or choose another folder with --results." if full else _ELSEWHERE
        return Check(f"results: {results} cannot be written ({error.strerror})", mend)
    return Check(f"results: {results} can be written")


def check_file_system(results: Path) -> Check:
    """Whether the locks and links that searches and MLflow's store need work where the results are."""
    with tempfile.TemporaryDirectory(dir=_nearest(results), prefix=".tune-dml-") as folder:
        path = Path(folder) / "lock"
        with path.open("wb") as file:
            flock = _failure(lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB))
            # SQLite's.
            record = _failure(lambda: fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB))
        link = _failure(lambda: os.link(path, path.with_name("link")))
    says = f"file system: that of {results}"
    if record is not None:
        return Check(
            f"{says} has no locks ({record}), which MLflow's store needs",
            "Choose a folder on a disk of this machine with --results, and keep a copy elsewhere with --store.",
        )
    lacks = [f"no {what} ({why})" for what, why in (("flock", flock), ("hard links", link)) if why is not None]
    return Check(f"{says} has {' and '.join(lacks)}: it does without" if lacks else f"{says} has locks and links")


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
