"""Times at which no thread may look for garbage."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_blocks = 0
_enabled = False


@contextmanager
def collecting_no_garbage() -> Iterator[None]:
    """No thread looks for garbage in this block. One that imports much would do so in a sixth of its time.

    Blocks of several threads may overlap.
    """
    global _blocks, _enabled
    with _lock:
        if not _blocks:
            _enabled = gc.isenabled()
            gc.disable()
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            if not _blocks and _enabled:
                gc.enable()
