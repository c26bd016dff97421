"""Names and values of hyperparameters as a space file writes them, held against what they may be at all."""

from __future__ import annotations

import math
import re
from typing import Any

from tune_dml.config import Choice, Domain, Float, Int, Value
from tune_dml.errors import nearest
from tune_dml.losses import LOSSES
from tune_dml.recipe import INGREDIENTS, canonical, hyperparameters, nearest_hyperparameter

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_BOOLEANS = "YAML reads yes, no, on and off as true and false"


class Mistake(Exception):
    """One problem of a file, as a plain sentence; where it stands is added by who catches it."""


def limits_of(name: str) -> Domain:
    """What the hyperparameter of this flat name (``projection_size`` or ``projection/size``) may be at all.

    Raises:
        Mistake: there is none of that name; it names the nearest.
    """
    if name == "loss":
        return Choice(tuple(LOSSES))
    known = hyperparameters()
    if canonical(name) in known:
        return known[canonical(name)].domain
    group, slash, inner = name.partition("/")
    if slash and group in INGREDIENTS:
        own_names = INGREDIENTS[group].hyperparameters
        raise Mistake(f"{group} has no hyperparameter '{inner}': {nearest(inner, own_names)}")
    if slash and group in LOSSES:
        own = LOSSES[group].hyperparameters
        if inner in own:
            return own[inner].domain
        rule = nearest(inner, own) if own else "it has none."
        raise Mistake(f"{group} has no hyperparameter '{inner}': {rule}")
    if name in INGREDIENTS:
        raise Mistake(f"'{name}' is an ingredient; write '{name}: {{{INGREDIENTS[name].switch}: ...}}'.")
    valid = {"loss", *known, *INGREDIENTS, *(loss for loss, spec in LOSSES.items() if spec.hyperparameters)}
    raise Mistake(f"'{group}' is neither a hyperparameter nor a loss: {nearest_hyperparameter(group, valid)}")


def is_optional(name: str) -> bool:
    """Whether it may be ``all``."""
    found = hyperparameters().get(canonical(name))
    return found is not None and found.optional


def loss_of(name: str) -> str | None:
    """The loss that a hyperparameter of this name belongs to."""
    group, slash, _ = name.partition("/")
    return group if slash and group not in INGREDIENTS else None


def coerce(name: str, value: Value) -> Value:
    """``value`` in the type that the hyperparameter has.

    A string such as ``1e-4`` (to YAML 1.1 not a number, for want of a dot) becomes one, ``all`` becomes ``None``.
    A loss's own numbers are held to their kind only: their domain is the range worth searching, not a limit.

    Raises:
        Mistake: it cannot have this value.
    """
    limits = limits_of(name)
    if value in (None, "all") and is_optional(name):
        return None
    if value is None:
        raise Mistake(f"{name} has no value; it must be {limits}.")
    if isinstance(limits, Choice):
        return _option(name, value, limits)
    number = _number(name, value, limits)
    of_loss = loss_of(name) is not None
    if not limits.contains(number) and (not of_loss or (isinstance(limits, Int) and number < 1 <= limits.low)):
        rule = f"at least {limits.low}" if of_loss else str(limits)
        raise Mistake(f"{name} is {value}; it must be {rule}.")
    return number


def _option(name: str, value: Value, limits: Choice) -> Value:
    # 1 == True in Python: the type counts too.
    if any(value == option and type(value) is type(option) for option in limits.options):
        return value
    if isinstance(value, bool):
        raise Mistake(f"{name} is {_yaml(value)}, not a name ({_BOOLEANS}: put it in quotes); it must be {limits}.")
    if name == "loss":
        raise Mistake(f"'{value}' is not a loss: {nearest(str(value), LOSSES)}")
    raise Mistake(f"{name} is {value!r}: {nearest(str(value), [_yaml(option) for option in limits.options])}")


def _number(name: str, value: Value, limits: Float | Int) -> int | float:
    kind = "a whole number" if isinstance(limits, Int) else "a number"
    if isinstance(value, bool):
        raise Mistake(f"{name} is {_yaml(value)}, not {kind} ({_BOOLEANS}).")
    try:
        number: Any = float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value
        if isinstance(number, str) or not math.isfinite(number):
            raise Mistake(f"{name} is {value!r}, not {kind}.")
        if isinstance(limits, Float):
            return float(number)
    except OverflowError:
        raise Mistake(f"{name} is too large a number.") from None
    if number != int(number):
        raise Mistake(f"{name} is {value}, not a whole number.")
    return int(number)


def _yaml(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
