"""Odd surroundings: temporary folders, homes, limits, locks, variables."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .attempt import Attempt
from .oddity import AROUND, surrounding
from .surroundings import as_anybody, enter_group, limit_files, mask

_RAY = ("search", "doctor")
#: Of a folder so long that a socket in it has no address.
_LONG = "/".join(["a folder of a user with a long name"] * 4)


def _made(attempt: Attempt, name: str) -> Path:
    folder = attempt.grounds_of_run / name
    folder.mkdir(parents=True)
    return folder


def _read_only(attempt: Attempt, name: str) -> Path:
    """A folder that this run may not write, root's runs included."""
    folder = _made(attempt, name)
    folder.chmod(0o555)
    attempt.surroundings.acts.append(as_anybody)
    return folder


@surrounding("a long TMPDIR", "temporary folder", AROUND)
def long_tmpdir(attempt: Attempt) -> None:
    attempt.surroundings.set(TMPDIR=str(_made(attempt, f"tmp/{_LONG}")))


@surrounding("a TMPDIR that is read-only", "temporary folder", AROUND)
def read_only_tmpdir(attempt: Attempt) -> None:
    attempt.surroundings.set(TMPDIR=str(_read_only(attempt, "tmp")))


@surrounding("a TMPDIR that does not exist", "temporary folder", AROUND)
def no_tmpdir(attempt: Attempt) -> None:
    attempt.surroundings.set(TMPDIR=str(attempt.grounds_of_run / "tmp" / "gone"))


@surrounding("a TMPDIR with odd letters", "temporary folder", AROUND)
def odd_tmpdir(attempt: Attempt) -> None:
    attempt.surroundings.set(TMPDIR=str(_made(attempt, "tmp/a%2Fb ?#结 'q'")))


@surrounding("a long RAY_TMPDIR", "temporary folder", _RAY, works=False)
def long_ray_tmpdir(attempt: Attempt) -> None:
    attempt.surroundings.set(RAY_TMPDIR=str(_made(attempt, f"tmp/{_LONG}")))
    attempt.mention(None, "RAY_TMPDIR", "refused")
    attempt.expected.refused.add(None)


@surrounding("a short RAY_TMPDIR that does not exist", "temporary folder", _RAY)
def new_ray_tmpdir(attempt: Attempt) -> None:
    attempt.surroundings.set(RAY_TMPDIR=f"/tmp/odd{os.getpid()}")


@surrounding("no HOME", "home", AROUND)
def no_home(attempt: Attempt) -> None:
    attempt.surroundings.set(HOME=None)


@surrounding("a HOME that is not there", "home", AROUND)
def home_is_gone(attempt: Attempt) -> None:
    attempt.surroundings.set(HOME="/nonexistent")


@surrounding("a HOME that cannot be written", "home", AROUND)
def home_is_read_only(attempt: Attempt) -> None:
    attempt.surroundings.set(HOME=str(_read_only(attempt, "locked home")))


def _tree(attempt: Attempt, cores: str, memory: str) -> None:
    """A container as ``tests/execution/test_limits.py`` makes it up."""
    root = attempt.grounds_of_run / "container"
    files = {"sys/fs/cgroup/cpu.max": cores, "sys/fs/cgroup/memory.max": memory}
    for name, text in {**files, "proc/meminfo": Path("/proc/meminfo").read_text()}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")
    attempt.surroundings.patches.append(
        f"from pathlib import Path\nfrom tune_dml.execution import limits\nlimits.ROOT = Path({str(root)!r})"
    )


def _container(name: str, cores: str, memory: str, kinds: tuple[str, ...], works: bool, says: str = "") -> None:
    @surrounding(f"a container of {name}", "limits", kinds, works)
    def change(attempt: Attempt) -> None:
        _tree(attempt, cores, memory)
        if attempt.kind in ("search", "doctor"):
            attempt.mention(None, says or "cgroup v2", "any")


_container("half a core", "50000 100000", "max", AROUND, False)
_container("one core and 4 GB", "100000 100000", "4000000000", AROUND, True)
_container("1.5 cores and 2 GB", "150000 100000", "2000000000", AROUND, True)
_container("300 MB", "max 100000", "300000000", AROUND, False)


@surrounding("a control group of one core and 6 GB", "limits", AROUND)
def real_group(attempt: Attempt) -> None:
    """A real one, of version 1; made up where none can be made."""
    folders = [
        Path(f"/sys/fs/cgroup/{name}/odd-{os.getpid()}-{attempt.grounds_of_run.name}") for name in ("cpu", "memory")
    ]
    limits = {"cpu.cfs_quota_us": "100000", "memory.limit_in_bytes": "6000000000"}
    try:
        for folder, (name, value) in zip(folders, limits.items(), strict=True):
            folder.mkdir()
            attempt.after.append(partial(_without_group, folder))
            (folder / name).write_text(value)
            attempt.surroundings.acts.append(partial(enter_group, str(folder)))
    except OSError:
        attempt.surroundings.acts.clear()
        _tree(attempt, "100000 100000", "6000000000")


def _without_group(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _files(number: int, works: bool) -> None:
    @surrounding(f"ulimit -n {number}", "limits", AROUND, works)
    def change(attempt: Attempt) -> None:
        attempt.surroundings.acts.append(partial(limit_files, number))


_files(1024, True)
_files(256, False)
_files(64, False)


@surrounding("umask 077", "limits", AROUND)
def closed_mask(attempt: Attempt) -> None:
    attempt.surroundings.acts.append(partial(mask, 0o077))


_NO_FLOCK = """
import errno, fcntl, os

def flock(file, kind):
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

fcntl.flock = flock
"""
_NO_LINK = """
import errno, os

def link(*arguments, **options):
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))

os.link = link
"""


def _without(name: str, *patches: str) -> None:
    @surrounding(name, "locks", AROUND)
    def change(attempt: Attempt) -> None:
        attempt.surroundings.patches += patches


_without("no flock", _NO_FLOCK)
_without("no hard links", _NO_LINK)
_without("neither flock nor hard links", _NO_FLOCK, _NO_LINK)


def _variables(
    name: str, kinds: tuple[str, ...] = AROUND, works: bool = True, **variables: str | None
) -> Callable[[Attempt], None]:
    @surrounding(name, "variables", kinds, works)
    def change(attempt: Attempt) -> None:
        attempt.surroundings.set(**variables)

    return change


_PROXY = "http://127.0.0.1:9"
_variables(
    "proxies that are not there",
    http_proxy=_PROXY,
    https_proxy=_PROXY,
    all_proxy=_PROXY,
    HTTP_PROXY=_PROXY,
    HTTPS_PROXY=_PROXY,
    no_proxy=None,
)
_variables("RAY_ADDRESS of nobody", RAY_ADDRESS="10.255.255.1:6379")
_variables("HF_HUB_OFFLINE=1", HF_HUB_OFFLINE="1")
_variables("no OMP_NUM_THREADS", OMP_NUM_THREADS=None)
_variables("OMP_NUM_THREADS=many", OMP_NUM_THREADS="many")
_variables("OMP_NUM_THREADS empty", OMP_NUM_THREADS="")
_variables("CUDA_VISIBLE_DEVICES=7", CUDA_VISIBLE_DEVICES="7")
_variables("CUDA_VISIBLE_DEVICES=NoDevFiles", CUDA_VISIBLE_DEVICES="NoDevFiles")
_variables("CUDA_VISIBLE_DEVICES empty", CUDA_VISIBLE_DEVICES="")
_variables("MLFLOW_TRACKING_URI of nobody", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
_variables("MLFLOW_EXPERIMENT_ID of nobody", MLFLOW_EXPERIMENT_ID="7", MLFLOW_RUN_ID="0123")
_variables("TZ that is none", TZ="Mars/Olympus")
