"""Results of a comparison that nobody has run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tune_dml.comparisons.cell_results import CellResult, ComparisonFolder
from tune_dml.comparisons.comparison_file import comparison_from_values


def made_up(folder: Path, tasks: int, shots: list[int], draws: int, arms: int) -> dict[str, Any]:
    """A comparison whose cells have been run, by their files."""
    values = {
        "name": "made-up",
        "tasks": [f"task-{i}" for i in range(tasks)],
        "shots": shots,
        "draws": draws,
        "arms": {"ce": {"losses": ["ce"]}, **{f"arm-{i}": {"losses": ["supcon"], "seed": i} for i in range(1, arms)}},
    }
    comparison, rng = comparison_from_values(values), np.random.default_rng(0)
    place = ComparisonFolder(str(folder), "made-up").made()
    hard = {task["task"]: rng.normal(0, 0.05) for task in comparison.tasks}
    for cell in comparison.cells():
        shift = 0.03 if cell.arm.name == "arm-1" else 0.0
        value = 0.7 + hard[cell.task_name] + shift + rng.normal(0, 0.02)
        place.add(
            CellResult(
                cell.name, cell.digest, cell.task_name, cell.shots, cell.draw, cell.arm.name, "accuracy", value,
                (value,), training_seconds=float(rng.uniform(10, 20)), rounds=10, trials=2,
            )
        )  # fmt: skip
    return values
