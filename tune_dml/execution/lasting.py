"""Threads that last as long as what they have started."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

_Result = TypeVar("_Result")


def in_lasting_thread(work: Callable[[], _Result]) -> tuple[_Result, threading.Event]:
    """What ``work`` gives, done in a thread that lives until the event is set.

    The system ends Ray's processes with the thread that has started them, and that of a search ends before others that
    share its session do. The main thread lasts anyway.

    Raises:
        BaseException: whatever ``work`` raises.
    """
    over = threading.Event()
    if threading.current_thread() is threading.main_thread():
        return work(), over
    given: list[_Result] = []
    errors: list[BaseException] = []
    done = threading.Event()

    def last() -> None:
        try:
            given.append(work())
        except BaseException as error:
            errors.append(error)
        finally:
            done.set()
        if not errors:
            over.wait()

    threading.Thread(target=last, name="tune-dml-ray", daemon=True).start()
    done.wait()
    if errors:
        raise errors[0]
    return given[0], over
