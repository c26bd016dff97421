"""Ends before the end: Ctrl-C, once to stop in good order, twice to stop at once; and signals that mean the same."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from tune_dml.execution.lost_terminal import let_go_of_lost_terminal
from tune_dml.execution.processes import kill_session

EXIT_CODE = 130
#: Other signals that ask for an end: of ``kill``, ``timeout``, systemd and schedulers; of a terminal that closes.
_SAME = (signal.SIGTERM, signal.SIGHUP)
#: Seconds in which a search ends that such a signal has come to: whoever sends it kills what is left after a while.
GRACE_SECONDS = 7.0
#: Seconds after a Ctrl-C in which another one is the same: wrappers hand on what the terminal has sent to all anyway.
_ONE_PRESS = 0.5


class Stop:
    """Whether a search is to stop, and how soon."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._by: float | None = None

    def is_set(self) -> bool:
        """Whether it is to stop."""
        return self._event.is_set()

    def left(self, usual: float, reserve: float = 0.0) -> float:
        """How many of the ``usual`` seconds one may wait for something: where the end is near, only those that are left
        until ``reserve`` seconds before it."""
        return usual if self._by is None else min(usual, max(0.0, self._by - reserve - time.monotonic()))

    def set(self, hurry: bool = False) -> None:
        """It is to stop; in a hurry within :data:`GRACE_SECONDS`."""
        if hurry and self._by is None:
            self._by = time.monotonic() + GRACE_SECONDS
        self._event.set()


@contextmanager
def interrupts(on_first: Callable[[], None], *, exits: bool = False) -> Iterator[Stop]:
    """Within the block, the first SIGINT, SIGTERM or SIGHUP sets the stop and calls ``on_first``. Ctrl-C another time
    ends the block at once: by ``KeyboardInterrupt``, or with the process.

    Nothing is lost by that: all that matters is in the journal. A signal that is ignored stays so (``nohup``), one that
    the caller has a handler for reaches that as well, and outside the main thread signals are left alone.

    Args:
        exits: Whether this process exists for the search alone.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    pressed = float("inf")
    before: dict[int, Any] = {}

    def handle(number: int, frame: Any) -> None:
        nonlocal pressed
        let_go_of_lost_terminal()
        first, now = not stop.is_set(), time.monotonic()
        stop.set(hurry=number in _SAME)
        if number == signal.SIGINT:
            if now - pressed > _ONE_PRESS:
                if not exits:
                    raise KeyboardInterrupt
                exit_at_once()
            pressed = min(pressed, now)
        if first:
            on_first()
        if number in _SAME and _is_callers(before[number]):
            before[number](number, frame)

    for each in (signal.SIGINT, *_SAME):
        if signal.getsignal(each) != signal.SIG_IGN:
            before[each] = signal.signal(each, handle)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


@contextmanager
def ending_like_ctrl_c() -> Iterator[None]:
    """Within the block, SIGTERM and SIGHUP do what Ctrl-C does without :func:`interrupts`: ``KeyboardInterrupt``. For
    where there is nothing to save yet, but something to tidy up. Those that the caller handles are left to it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [number for number in _SAME if signal.getsignal(number) == signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _interrupt(number: int, frame: Any) -> None:
    let_go_of_lost_terminal()
    raise KeyboardInterrupt


def _is_callers(handler: Any) -> bool:
    """Whether it is neither ours nor Ray's, which only ends the process."""
    return callable(handler) and handler is not _interrupt and not str(handler.__module__).startswith("ray.")


def exit_at_once() -> NoReturn:
    """End this process as an interrupted one, with what it has printed, and Ray's with it."""
    kill_session()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            stream.flush()
    os._exit(EXIT_CODE)
