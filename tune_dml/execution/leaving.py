"""Work that waits for Ray, and must not be waited for when Ray is gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tune_dml.execution.interrupts import Stop

#: Seconds between two looks.
_STEP = 0.1
#: Of a hurried end: to write what there is.
RESERVE_SECONDS = 3.0


def done_or_left(work: Callable[[], None], stop: Stop, patience: float) -> bool:
    """Do ``work`` in a thread of its own, so that this one hears of signals: a call that waits for a Ray whose
    processes are gone is deaf for a minute, and then Ray ends the process.

    Only the main thread hears of signals: elsewhere the work is done as it is.

    Args:
        patience: Seconds that the work may take to end after ``stop`` is set.

    Returns:
        Whether it was done. If not, it is left to itself, or has failed because Ray is gone.
    """
    if threading.current_thread() is not threading.main_thread():
        work()
        return True
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="tune-dml-search", daemon=True)
    thread.start()
    try:
        while thread.is_alive() and not stop.is_set():
            thread.join(_STEP)
        until = time.monotonic() + patience
        while thread.is_alive() and stop.left(until - time.monotonic(), reserve=RESERVE_SECONDS) > 0:
            thread.join(_STEP)
    except BaseException:
        # A second Ctrl-C: the work has been told to stop, and what it holds has to be free.
        thread.join(patience)
        raise
    if errors and not (stop.is_set() and _is_of_ray(errors[0])):
        raise errors[0]
    return not errors and not thread.is_alive()


def _is_of_ray(error: BaseException) -> bool:
    """Whether it comes of a Ray that is gone."""
    return type(error).__module__.split(".")[0] == "ray" or isinstance(error, ConnectionError)
