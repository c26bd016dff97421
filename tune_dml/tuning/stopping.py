"""When the whole trial loop ends before its trials have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ray.tune.stopper import Stopper


class WhenTold(Stopper):
    """Ends the loop when the user or the time budget says so; decides nothing about single trials.

    Args:
        told: Asked several times a second.
    """

    def __init__(self, told: Callable[[], bool]) -> None:
        self._told = told

    def __getstate__(self) -> dict[str, Any]:
        # Ray pickles what it runs into its scratch folder, and nobody reads it back.
        return {}

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        """Whether to stop now."""
        return self._told()
