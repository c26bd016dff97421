"""All that a recipe consists of beside its loss, as rows."""

from __future__ import annotations

from dataclasses import dataclass

from tune_dml.errors import UsageError, nearest
from tune_dml.recipe.all_ingredients import INGREDIENTS, canonical, places
from tune_dml.recipe.core import CORE
from tune_dml.recipe.hyperparameter import Hyperparameter


@dataclass(frozen=True)
class Row:
    """One hyperparameter.

    Attributes:
        name: As a space has it: ``lr``, ``projection/size``.
        ingredient: Whose it is; ``None`` for what every recipe has.
    """

    name: str
    ingredient: str | None
    value: Hyperparameter


def overview(name: str | None = None) -> list[Row]:
    """What every recipe has, then the ingredients'.

    Args:
        name: Only this hyperparameter, or those of this ingredient.

    Raises:
        UsageError: there is nothing of that name.
    """
    rows = [Row(core, None, value) for core, value in CORE.items()]
    rows += [
        Row(f"{spec.name}/{inner}", spec.name, value)
        for spec in INGREDIENTS.values()
        for inner, value in spec.hyperparameters.items()
    ]
    if name is None:
        return rows
    if name in INGREDIENTS:
        return [row for row in rows if row.ingredient == name]
    place = places().get(canonical(name))
    wanted = name if place is None else "/".join(place)
    found = [row for row in rows if row.name == wanted]
    if not found:
        valid = [*INGREDIENTS, *(row.name for row in rows)]
        raise UsageError(f"'{name}' is neither a hyperparameter nor an ingredient: {nearest(name, valid)}")
    return found
