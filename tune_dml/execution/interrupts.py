"""Ctrl-C: once to stop in good order, twice to stop at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

EXIT_CODE = 130


@contextmanager
def interrupts(on_first: Callable[[], None]) -> Iterator[threading.Event]:
    """Within the block, the first SIGINT (or SIGTERM) sets the event and calls ``on_first``; the next ends the process.

    Nothing is lost by that: all that matters is in the journal. Outside the main thread signals are left alone.
    """
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return

    def handle(signum: int, frame: Any) -> None:
        if event.is_set():
            os._exit(EXIT_CODE)
        event.set()
        on_first()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
