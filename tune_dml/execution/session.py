"""Starting Ray, quietly, on this machine and for this process only, or joining a cluster that runs already.

All searches of one process, each in a thread of its own, share one session, which ends with the last of them.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tune_dml.errors import UsageError
from tune_dml.execution.beginning import begin
from tune_dml.execution.environment import set_environment
from tune_dml.execution.garbage import collecting_no_garbage
from tune_dml.execution.lasting import in_lasting_thread
from tune_dml.execution.processes import kill_session, session_folder, shut_down
from tune_dml.execution.scratch import Scratch, remove_session
from tune_dml.execution.token import own_token

_WAIT = "wait for its end, or start another process"


@dataclass
class _Session:
    """Begun by this process, and not found running.

    Attributes:
        address, gpus: As for :func:`start_ray`.
        scratch: Of a session on this machine.
        folder: Ray's own of the session, which no other has.
        over: To be set when it has ended.
        users: Threads whose search uses it.
        left, exits: See :func:`leave_ray`.
    """

    address: str | None
    gpus: int
    scratch: Scratch | None
    folder: Path | None
    over: threading.Event
    users: set[int] = field(default_factory=set)
    left: bool = False
    exits: bool = False


_lock = threading.RLock()
_session: _Session | None = None


def start_ray(
    address: str | None,
    *,
    cpus: int,
    gpus: int,
    debug: bool = False,
    preload: Sequence[str] = (),
    meanwhile: Sequence[str] = (),
    say: Callable[[str], None] | None = None,
) -> None:
    """Start or join Ray, unless this thread has done so already; :func:`stop_ray` ends it.

    A session that this process is in already is used as it is: one that the caller has begun by ``ray.init``, or that
    of another thread's search, whose slots are shared.

    Args:
        address: ``None`` starts Ray on this machine; ``auto`` or ``host:port`` joins a cluster.
        cpus, gpus: To start with, on this machine; Ray starts a worker for each CPU at once.
        preload: Modules that those workers import before their first trial.
        meanwhile: Modules that this process imports while it waits for Ray.
        say: Told in a sentence where that takes long; on standard error unless given.

    Raises:
        EnvironmentFault: Ray cannot be started or joined.
        UsageError: another search of this process uses Ray elsewhere.
    """
    global _session
    with _lock:
        set_environment()
        if _session is not None and session_folder() != _session.folder:
            # The caller has ended it, and begun another one perhaps.
            _session.over.set()
            _session = None
        if _session is not None:
            _check_shared(_session, address, gpus)
        elif "ray" not in sys.modules or not sys.modules["ray"].is_initialized():
            with collecting_no_garbage():
                own_token(address)
                scratch, over = in_lasting_thread(lambda: begin(address, cpus, gpus, debug, preload, meanwhile, say))
                _session = _Session(address, gpus, scratch, session_folder(), over)
        if _session is not None:
            _session.users.add(threading.get_ident())
    for name in ("ray", "ray.tune", "ray.train", "ray.data"):
        logging.getLogger(name).setLevel(logging.INFO if debug else logging.CRITICAL)


def stop_ray() -> None:
    """This thread's search needs Ray no longer: a session that :func:`start_ray` has begun ends with its last user."""
    global _session
    with _lock:
        if _session is None:
            return
        _session.users.discard(threading.get_ident())
        if _session.users:
            return
        if _session.left:
            kill_session()
            if _session.exits:
                return
        session, _session = _session, None
        if session.folder == session_folder():
            # Ray ends the whole process when a reference is let go of while it shuts down, in whichever thread. The
            # cycles that Tune leaves behind hold some, and a thread that writes to MLflow now might collect them.
            with collecting_no_garbage():
                shut_down(own=session.address is None)
            if session.scratch is not None and session.scratch.private:
                remove_session(session.scratch.folder, session.folder)
        session.over.set()


def whereabouts() -> str:
    """Where to look when nothing happens, as the end of a sentence."""
    if _session is None:
        return ""
    if len(_session.users) > 1:
        return "; another search of this process has the slots"
    return "" if _session.scratch is None else f"; Ray's logs are in {_session.scratch.logs}"


def leave_ray(*, exits: bool) -> None:
    """Ray answers no more, and a thread waits for it: :func:`stop_ray` asks it for nothing, and kills what is its.

    Args:
        exits: Whether this process ends soon, by ``os._exit``, and has no time to be rid of Ray otherwise.
    """
    with _lock:
        if _session is not None:
            _session.left, _session.exits = True, exits


def has_left() -> bool:
    """Whether :func:`leave_ray` was called."""
    return _session is not None and _session.left


@contextmanager
def ray_session(
    address: str | None, *, cpus: int, gpus: int, debug: bool = False, preload: Sequence[str] = ()
) -> Iterator[None]:
    """Ray for the length of a block, as :func:`start_ray` has it; a session begun before the block ends with it too."""
    start_ray(address, cpus=cpus, gpus=gpus, debug=debug, preload=preload)
    try:
        yield
    finally:
        stop_ray()


def _check_shared(session: _Session, address: str | None, gpus: int) -> None:
    if session.address != address:
        here, there = (f"at {one}" if one is not None else "on this machine" for one in (session.address, address))
        why = f"uses Ray {here}, and a process is in one session of Ray at a time"
        raise UsageError(f"Another search of this process {why}: {_WAIT} to search {there}.")
    if gpus and address is None and not session.gpus:
        raise UsageError(f"Another search of this process has started Ray without GPUs: {_WAIT} to search on GPUs.")
