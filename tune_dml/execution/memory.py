"""Memory of this process that nothing uses."""

from __future__ import annotations

import ctypes


def give_back_memory() -> None:
    """Hand what is free inside the heap to the system, where the C library can do that (glibc); takes milliseconds."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
