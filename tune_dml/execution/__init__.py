"""Floor 4: Ray itself. Importing this imports no Ray."""

from tune_dml.execution.interrupts import EXIT_CODE, interrupts
from tune_dml.execution.memory import give_back_memory
from tune_dml.execution.session import (
    collecting_no_garbage,
    fetch,
    ray_session,
    share,
    start_ray,
    stop_ray,
)

__all__ = [
    "EXIT_CODE",
    "collecting_no_garbage",
    "fetch",
    "give_back_memory",
    "interrupts",
    "ray_session",
    "share",
    "start_ray",
    "stop_ray",
]
