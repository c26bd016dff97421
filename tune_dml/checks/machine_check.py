"""The part of ``tune-dml doctor`` that judges this machine: limits, shared memory, memory for trials, Ray's start."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

from tune_dml.checks.encoder_check import check_of
from tune_dml.errors import TuneDMLError
from tune_dml.execution import start_ray, stop_ray
from tune_dml.execution.limits import OBJECTS_MOST, OBJECTS_SHARE, Limits
from tune_dml.execution.machines import ask_nodes
from tune_dml.execution.preflight import Check, Room

#: Where Ray keeps what its workers share.
SHARED = Path("/dev/shm")
_TEMPORARY = "Give Ray another folder for its files, short and on a disk of this machine: RAY_TMPDIR=/FOLDER."


def check_limits(own: Limits, cpus: float) -> Check:
    """What this machine gives this process, and whether a trial of ``cpus`` fits in."""
    says = f"limits: {own}"
    if own.cores + 1e-9 >= cpus:
        return Check(says)
    fits = f"{max(own.cores, 0.01):.2f}".rstrip("0").rstrip(".")
    more = ", or the container more CPU" if own.by else ""
    return Check(f"{says}, and a trial is to have {cpus:g} cores", f"Give --cpus-per-trial {fits}{more}.")


def check_room(room: Room, own: Limits, slots: int) -> Check:
    """Whether the memory holds a trial of this encoder, and how many of the ``slots``."""
    says = f"memory: about {room.trial / 1e9:.1f} GB a trial"
    fit = room.trials
    if fit is None or fit >= slots:
        return Check(f"{says}, which this machine has")
    if fit:
        return Check(f"{says}: this machine has room for {fit} at a time, not for {slots}")
    more = ", or give the container more memory" if own.memory_is_limited else ""
    limit = f" ({', '.join(own.by)})" if own.memory_is_limited else ""
    has = f"{own.memory / 1e9:.1f} GB{limit}, of which the search itself takes {room.driver / 1e9:.1f} GB"
    return Check(f"{says}, and this machine has {has}", f"Take a smaller encoder{more}.")


def check_shared_memory(own: Limits, shared: Path | None = None) -> Check:
    """Whether Ray can keep the objects that workers share in memory."""
    if not sys.platform.startswith("linux"):
        return Check("shared memory: not by /dev/shm on this system")
    shared = SHARED if shared is None else shared
    in_docker = "in Docker: docker run --shm-size=2g"
    try:
        about = os.statvfs(shared)
        probe = shared / f"tune-dml-{os.getpid()}"
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        return Check(
            f"shared memory: {shared} cannot be used ({error.strerror}), and Ray needs it",
            f"Mount it: mount -t tmpfs -o size=2g tmpfs {shared} ({in_docker}).",
        )
    free = float(about.f_bavail * about.f_frsize)
    if free < min(OBJECTS_SHARE * (own.memory or OBJECTS_MOST), OBJECTS_MOST):
        return Check(f"shared memory: only {free / 1e9:.1f} GB, so Ray may keep objects on disk ({in_docker})")
    return Check(f"shared memory: {free / 1e9:.1f} GB")


def check_ray() -> Check:
    """Whether Ray starts here and a worker of it answers. It is stopped again, and its files are removed."""
    ray = sys.modules.get("ray")
    if ray is not None and ray.is_initialized():
        return Check("Ray: this process is in a session already")
    begun, session = time.monotonic(), None
    try:
        start_ray(None, cpus=1, gpus=0)
        session = _session_folder()
        _, silent = ask_nodes()
    except TuneDMLError as error:
        check = check_of(error)
        circular = "--debug" in check.mend or "tune-dml doctor" in check.mend
        return Check(f"Ray: {check.says}", _TEMPORARY if circular else check.mend)
    finally:
        stop_ray()
        if session is not None:
            _remove(session)
    for reason in silent.values():
        return Check(
            f"Ray: it starts, but no worker answers ({reason})", "Stop what else computes here, or see --debug."
        )
    where = f", with its files in {session.parent}" if session is not None else ""
    return Check(f"Ray: starts, and a worker answers after {time.monotonic() - begun:.0f} s{where}")


def _session_folder() -> Path | None:
    """Of the Ray that runs; older ones do not say."""
    import ray

    context = ray.get_runtime_context()
    if not hasattr(context, "get_temp_dir") or not hasattr(context, "get_session_name"):
        return None
    return Path(context.get_temp_dir()) / str(context.get_session_name())


def _remove(session: Path) -> None:
    latest = session.parent / "session_latest"
    if latest.is_symlink() and latest.resolve() == session.resolve():
        latest.unlink(missing_ok=True)
    shutil.rmtree(session, ignore_errors=True)
