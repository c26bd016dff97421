"""The configurations that a space wants tried first, held against the space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tune_dml.config import Choice, Value
from tune_dml.errors import SpaceError, nearest
from tune_dml.losses import LOSSES
from tune_dml.recipe import canonical
from tune_dml.spaces.space import Space
from tune_dml.spaces.values import Mistake, coerce, loss_of


def complete(row: Mapping[str, Any], space: Space) -> dict[str, Value]:
    """What to enqueue to Optuna for a row of ``first``: its tunable names only, flat; the sampler draws the rest.

    Args:
        row: Flat (``softtriple/la``) or nested (``softtriple: {la: 20}``), partial or full.

    Raises:
        SpaceError: a name or value that the space does not allow; every one of them.
    """
    values: dict[str, Value] = {}
    problems: list[str] = []
    for name, value in row.items():
        inner = {f"{name}/{k}": v for k, v in value.items()} if isinstance(value, Mapping) else {name: value}
        for flat, v in inner.items():
            try:
                values[canonical(flat)] = coerce(flat, v)
            except Mistake as mistake:
                problems.append(str(mistake))
    problems.extend(sentence for _, sentence in row_problems(values, space))
    if problems:
        raise SpaceError(" ".join(problems))
    known = {**space.constants, **values}
    return {
        parameter.name: values[parameter.name]
        for parameter in space.parameters
        if parameter.name in values and not parameter.fixed and parameter.applies(known)
    }


def row_problems(values: Mapping[str, Value], space: Space) -> Iterator[tuple[str, str]]:
    """Name and sentence for each value of a row, flat and of the right type, that does not fit ``space``."""
    parameters = {parameter.name: parameter for parameter in space.parameters}
    known = {**space.constants, **values}
    loss = known.get("loss")
    sound = True
    for name, value in values.items():
        group = loss_of(name)
        sentence = ""
        if group is not None and loss is None:
            sentence = f"'{name}' needs 'loss: {group}' in the same row."
        elif group is not None and group != loss:
            sentence = f"'{name}' belongs to the loss {group}, but this row's loss is {loss}."
        elif name in space.constants:
            if value != space.constants[name]:
                sentence = f"{name} is {_shown(value)}, but the space fixes it at {_shown(space.constants[name])}."
        elif name not in parameters:
            sentence = f"'{name}' is not part of this space: {nearest(name, [*parameters, *space.constants])}"
        elif not parameters[name].domain.contains(value):
            domain = parameters[name].domain
            rule = nearest(str(value), map(_shown, domain.options)) if isinstance(domain, Choice) else f"{domain}."
            sentence = f"{name} is {_shown(value)}, outside the space: {rule}"
        else:
            sentence = _unmet(name, parameters[name].when, known)
        if sentence:
            sound = False
            yield name, sentence
    spec = LOSSES.get(str(loss))
    if sound and spec:
        own = {name: known[f"{spec.name}/{name}"] for name in spec.hyperparameters if f"{spec.name}/{name}" in known}
        # What the space leaves to the loss's default counts too; what the sampler will draw is not known yet.
        if all(name in own or f"{spec.name}/{name}" not in parameters for name in spec.hyperparameters):
            for sentence in spec.check({**spec.defaults, **own}):
                yield "loss", sentence


def _unmet(name: str, when: Mapping[str, tuple[Value, ...]], known: Mapping[str, Value]) -> str:
    for parent, allowed in when.items():
        if parent in known and known[parent] not in allowed:
            wanted = " or ".join(_shown(value) for value in allowed)
            return f"{name} applies only when {parent} is {wanted}, but in this row it is {_shown(known[parent])}."
    return ""


def _shown(value: Value) -> str:
    return "all" if value is None else str(value)
