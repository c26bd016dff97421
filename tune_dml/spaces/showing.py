"""A space as rows of a table, and as one text that stands on its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from tune_dml.config import Choice, Domain, Int, Value
from tune_dml.spaces.space import Space
from tune_dml.spaces.values import loss_of


@dataclass(frozen=True)
class SpaceRow:
    """One line of ``tune-dml spaces show``.

    Attributes:
        name: Flat.
        values: ``"3e-05 to 0.0005, log"``, ``"ce | supcon"``, or the constant.
        searched: Whether Optuna draws it.
        applies: ``"loss = softtriple"``, or empty where it always does.
    """

    name: str
    values: str
    searched: bool
    applies: str


def describe(space: Space) -> list[SpaceRow]:
    """What is searched, in the order in which it is drawn, then what is fixed."""
    rows = []
    for parameter in space.parameters:
        applies = ", ".join(
            f"{name} = {' | '.join(_shown(value) for value in allowed)}" for name, allowed in parameter.when.items()
        )
        rows.append(SpaceRow(parameter.name, str(parameter.domain), not parameter.fixed, applies))
    for name, value in space.constants.items():
        group = loss_of(name)
        rows.append(SpaceRow(name, _shown(value), False, f"loss = {group}" if group is not None else ""))
    return rows


def space_text(space: Space) -> str:
    """``space`` as YAML that :func:`tune_dml.spaces.space_from_text` reads back: resolved, without includes."""
    document: dict[str, Any] = {}
    searched: dict[str, Any] = {}
    for parameter in space.parameters:
        entry = _domain(parameter.domain)
        # The condition on its own loss is in the name already.
        when = {
            name: list(allowed)
            for name, allowed in parameter.when.items()
            if not (name == "loss" and loss_of(parameter.name) is not None)
        }
        searched[parameter.name] = entry | ({"when": when} if when else {})
    if "loss" in searched:
        document["loss"] = searched.pop("loss")
    document |= dict(space.constants)
    document |= searched
    if space.first:
        document["first"] = [dict(row) for row in space.first]
    return yaml.safe_dump(document, sort_keys=False, default_flow_style=None, allow_unicode=True, width=120)


def _domain(domain: Domain) -> dict[str, Any]:
    if isinstance(domain, Choice):
        return {"choices": list(domain.options)}
    kind = "int" if isinstance(domain, Int) else "float"
    return {kind: [domain.low, domain.high]} | ({"log": True} if domain.log else {})


def _shown(value: Value) -> str:
    return "all" if value is None else str(value)
