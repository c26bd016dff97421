"""Searches of one process, in several threads: what they do one after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tune_dml.execution.slow_start import told_when_slow
from tune_dml.reporting.output import Output

_preparing = threading.Lock()


@contextmanager
def one_at_a_time(out: Output) -> Iterator[None]:
    """The block is one of the preparations of a search, of which a process does one at a time: libraries are imported
    there, and imports of several threads at a time end in modules that are not whole; downloads would be done twice."""
    if not _preparing.acquire(blocking=False):
        out.line("waiting until another search of this process is prepared")
        with told_when_slow("Another search of this process has been in preparation", "; this one waits", out.warn):
            _preparing.acquire()
    try:
        yield
    finally:
        _preparing.release()
