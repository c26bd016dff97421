"""What is wrong with the tasks of a comparison, before hours of cells find it one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tune_dml.comparisons.cell_results import ComparisonFolder
from tune_dml.comparisons.cell_search import request_without_recipe
from tune_dml.comparisons.comparison import Comparison
from tune_dml.data import load_task
from tune_dml.driver.drawing import draw_data
from tune_dml.driver.options import draw_settings, task_settings
from tune_dml.errors import EnvironmentFault, TuneDMLError, UsageError


def check_tasks(comparison: Comparison, folder: ComparisonFolder, manners: Mapping[str, Any]) -> None:
    """Read every task and draw every number of shots once, where a cell of them is missing.

    Raises:
        UsageError: what is wrong with any of them.
    """
    problems: dict[str, None] = {}
    seen = set()
    for cell in comparison.cells():
        key = cell.task_name, cell.shots
        if key in seen or folder.has_score(cell):
            continue
        seen.add(key)
        request = request_without_recipe(cell, comparison.metric, manners)
        try:
            drawn = draw_data(load_task(task_settings(request)), draw_settings(request))
            if drawn.task.test is None:
                problems[f"{cell.task_name}: it has no test texts to compare arms on."] = None
        except EnvironmentFault:
            raise
        except TuneDMLError as error:
            problems[f"{cell.task_name}, {cell.shots} shots: {error}"] = None
    if problems:
        raise UsageError("\n".join(problems))
