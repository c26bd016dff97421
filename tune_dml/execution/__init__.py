"""Floor 4: Ray itself. Importing this imports no Ray."""

from tune_dml.execution.interrupts import EXIT_CODE, interrupts
from tune_dml.execution.pool import run_many, share
from tune_dml.execution.session import capacity, check_fits, ray_session

__all__ = ["EXIT_CODE", "capacity", "check_fits", "interrupts", "ray_session", "run_many", "share"]
