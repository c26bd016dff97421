"""Floor 4: Ray itself. Importing this imports no Ray."""

from tune_dml.execution.interrupts import EXIT_CODE, interrupts
from tune_dml.execution.session import capacity, check_fits, fetch, ray_session, share

__all__ = ["EXIT_CODE", "capacity", "check_fits", "fetch", "interrupts", "ray_session", "share"]
