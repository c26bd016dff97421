"""A comparison as the text of a file, from which it can be read again."""

from __future__ import annotations

from typing import Any

import yaml

from tune_dml.comparisons.beside import wherever_called
from tune_dml.comparisons.comparison import Comparison


def comparison_text(comparison: Comparison) -> str:
    """In YAML; every arm has all of its options."""
    arms = {}
    for arm in comparison.arms:
        options = {key: _plain(value) for key, value in wherever_called(arm.options).items()}
        if arm.recipe is not None:
            del options["trials"]
            options["recipe"] = dict(arm.recipe)
        arms[arm.name] = options if arm.peer is None else {**options, "peer": arm.peer}
    values: dict[str, Any] = {
        "name": comparison.name,
        "tasks": [{key: _plain(value) for key, value in wherever_called(task).items()} for task in comparison.tasks],
        "shots": list(comparison.shots),
        "draws": list(comparison.draws),
        "arms": arms,
        "reference": comparison.reference,
        "margin": comparison.margin,
    }
    if comparison.metric is not None:
        values["metric"] = comparison.metric
    text: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    return text


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
