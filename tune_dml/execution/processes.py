"""The processes that Ray consists of: started so that signals which end a search leave them alone, ended when it ends.

All that reaches into how Ray starts and ends them is here.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Signals that often go to all processes of a group or of a service, Ray's own among them.
_DEAF_TO = (signal.SIGTERM, signal.SIGHUP)
#: What the command lines of Ray's processes have in them.
_MARK = f"{os.sep}ray{os.sep}"
#: For a process that was killed to be gone.
_GONE_SECONDS = 2.0
_STEP = 0.02
_HEED_SECONDS = 0.1


@contextmanager
def starting() -> Iterator[None]:
    """Within the block, ``ray.init`` starts processes that SIGTERM and SIGHUP do not reach, and leaves the handlers of
    this process as they are.

    Ray would lose its workers and its own memory to a signal that ``timeout``, systemd or a scheduler sends to all, and
    then end the driver, which has not saved anything yet. What this block starts and does not finish is killed. This
    process's own handlers are called all the same.
    """
    before = set(_children())
    handler = signal.getsignal(signal.SIGTERM)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _DEAF_TO)
    try:
        with _heeding([number for number in _DEAF_TO if callable(signal.getsignal(number))]):
            yield
    except BaseException:
        kill(pid for pid in _children() if pid not in before and _is_ray(pid))
        raise
    finally:
        if threading.current_thread() is threading.main_thread() and handler is not None:
            signal.signal(signal.SIGTERM, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@contextmanager
def _heeding(signals: Sequence[int]) -> Iterator[None]:
    """Within the block, the main thread's handlers are called for ``signals``, which no thread is reached by."""
    over = threading.Event()

    def heed() -> None:
        while not over.is_set():
            if (found := signal.sigtimedwait(signals, _HEED_SECONDS)) is not None:
                _thread.interrupt_main(signal.Signals(found.si_signo))

    thread = threading.Thread(target=heed, daemon=True)
    # Elsewhere than on Linux they wait for the end of the block.
    if heeds := bool(signals) and hasattr(signal, "sigtimedwait"):
        thread.start()
    try:
        yield
    finally:
        over.set()
        if heeds:
            thread.join()


@contextmanager
def without_uv_hook() -> Iterator[None]:
    """``RAY_ENABLE_UV_RUN_RUNTIME_ENV=0`` also where Ray, which reads it once, was imported before it was set."""
    constants: Any = sys.modules.get("ray._private.ray_constants")
    name = "RAY_ENABLE_UV_RUN_RUNTIME_ENV"
    if constants is None or os.environ.get(name) != "0" or not getattr(constants, name, False):
        yield
        return
    setattr(constants, name, False)
    try:
        yield
    finally:
        setattr(constants, name, True)


def shut_down(*, own: bool) -> None:
    """End this process's session of Ray.

    Args:
        own: Whether it was started here; its processes are killed then: they do not hear of Ray's polite request,
            and have nothing to save.
    """
    ray: Any = sys.modules["ray"]
    node = _node()
    politely = getattr(node, "kill_all_processes", None)
    if own and politely is not None:

        def at_once(*args: Any, **options: Any) -> None:
            kill_session()
            politely(check_alive=False, allow_graceful=False)

        node.kill_all_processes = at_once
    ray.shutdown()


def session_folder() -> Path | None:
    """Of the session that this process is in."""
    node = _node()
    return None if node is None else Path(node.get_session_dir_path())


def kill_session() -> None:
    """Kill every process of Ray's that this process has started, and all that these have started."""
    started = getattr(_node(), "all_processes", {})
    kill([info.process.pid for infos in started.values() for info in infos])


def _node() -> Any:
    return getattr(sys.modules.get("ray._private.worker"), "_global_node", None)


def kill(pids: Iterable[int]) -> None:
    """Kill processes and their descendants, and wait until they are gone."""
    if not (pids := list(pids)):
        return
    import psutil  # type: ignore[import-untyped]

    doomed = []
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            doomed += [process, *process.children(recursive=True)]
    for process in doomed:
        with contextlib.suppress(psutil.Error):
            process.kill()
    until = time.monotonic() + _GONE_SECONDS
    while any(_lives(process) for process in doomed) and time.monotonic() < until:
        time.sleep(_STEP)


def _lives(process: Any) -> bool:
    import psutil

    # One that nobody has asked about is there as a zombie, in a container often for ever.
    with contextlib.suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _children() -> list[int]:
    # Ray brings psutil.
    with contextlib.suppress(ImportError):
        import psutil

        return [child.pid for child in psutil.Process().children()]
    return []


def _is_ray(pid: int) -> bool:
    import psutil

    with contextlib.suppress(psutil.Error):
        return any(_MARK in part for part in psutil.Process(pid).cmdline())
    return False
