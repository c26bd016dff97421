"""The best configuration per data set, as MLflow has it."""

from __future__ import annotations

from collections.abc import Callable

from tune_dml.results.tracked import store_uri
from tune_dml.tracking import BestRow, best_per_task


def best(
    results: str, tracking_uri: str | None, task: str | None, tell: Callable[[str], None] = lambda sentence: None
) -> list[BestRow]:
    """The best configuration per data set, out of MLflow.

    Args:
        tell: Gets a sentence where the results were moved.

    Raises:
        EnvironmentFault: MLflow cannot be used; the message says what mends it.
    """
    return best_per_task(store_uri(results, tracking_uri, tell), task)
