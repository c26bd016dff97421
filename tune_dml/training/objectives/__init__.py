"""What training minimises: a file for each objective."""

from __future__ import annotations

from collections.abc import Callable

from tune_dml.data import KINDS
from tune_dml.recipe import INGREDIENTS, Configuration
from tune_dml.training.examples import Examples
from tune_dml.training.model import Model
from tune_dml.training.objectives.binary_cross_entropy import BinaryCrossEntropy
from tune_dml.training.objectives.classification import Classification
from tune_dml.training.objectives.objective import Objective, Seen, Values
from tune_dml.training.objectives.squared_error import SquaredError

__all__ = ["OBJECTIVES", "Classification", "Objective", "Seen", "Values", "objective_of"]

#: By the name that kinds of task have for them.
OBJECTIVES: dict[str, Callable[[Configuration, Model, Examples], Objective]] = {
    "classification": Classification,
    "binary_cross_entropy": BinaryCrossEntropy,
    "regression": SquaredError,
}


def objective_of(model: Model, data: Examples) -> Objective:
    """What training minimises for these examples, with what ingredients that are on make of it."""
    objective = OBJECTIVES[KINDS[data.kind].target.objective](model.config, model, data)
    for name, values in model.config.on().items():
        if (change := INGREDIENTS[name].objective) is not None:
            objective = change(values, objective, model, data)
    return objective
