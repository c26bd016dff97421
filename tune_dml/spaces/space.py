"""A resolved search space, and how an Optuna trial draws a configuration from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from tune_dml.config import Choice, Domain, Float, Value
from tune_dml.spaces.values import loss_of


class Trial(Protocol):
    """What :func:`suggest` needs of an ``optuna.Trial``."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float: ...

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int: ...

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any: ...


@dataclass(frozen=True)
class Parameter:
    """A hyperparameter that is searched.

    Attributes:
        name: Flat, as in a configuration: ``"lr"``, ``"softtriple/la"``.
        domain: What it may be.
        when: It is drawn only where each of these, drawn before it, has one of the listed values. A loss's own
            hyperparameter always carries ``{"loss": (that loss,)}``.
    """

    name: str
    domain: Domain
    when: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)

    def applies(self, values: Mapping[str, Value]) -> bool:
        """Whether it is part of a configuration that so far holds ``values``."""
        return all(name in values and values[name] in allowed for name, allowed in self.when.items())

    @property
    def fixed(self) -> bool:
        """Whether there is but one value to take."""
        return isinstance(self.domain, Choice) and len(self.domain.options) == 1


@dataclass(frozen=True)
class Space:
    """What a search may try, for one size of encoder.

    Attributes:
        name: The shipped name, or the file's name without its ending.
        parameters: In the order in which they are drawn.
        constants: Flat. A loss's own (``"softtriple/centers"``) is part of a configuration of that loss only.
        first: Partial or full configurations, flat, tried before the sampler starts.
        notes: What is to be said of how it is written, a sentence each.
    """

    name: str
    parameters: tuple[Parameter, ...]
    constants: Mapping[str, Value]
    first: tuple[Mapping[str, Value], ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def losses(self) -> tuple[str, ...]:
        """The losses a trial may have."""
        if "loss" in self.constants:
            return (str(self.constants["loss"]),)
        return tuple(
            str(option)
            for parameter in self.parameters
            if parameter.name == "loss" and isinstance(parameter.domain, Choice)
            for option in parameter.domain.options
        )


def suggest(trial: Trial, space: Space) -> dict[str, Value]:
    """Draws one configuration, define-by-run: only what applies is asked of ``trial``.

    Returns:
        Flat values, constants included, as ``tune_dml.config.configuration_from`` takes them. Constants and
        conditional parameters with a single choice are not put to Optuna.
    """
    values = {name: value for name, value in space.constants.items() if loss_of(name) is None}
    values.update(_own_constants(space, values.get("loss")))
    for parameter in space.parameters:
        if parameter.applies(values):
            values[parameter.name] = _drawn(trial, parameter)
            if parameter.name == "loss":
                values.update(_own_constants(space, values["loss"]))
    return values


def _own_constants(space: Space, loss: Value) -> dict[str, Value]:
    return {name: value for name, value in space.constants.items() if name.startswith(f"{loss}/")}


def _drawn(trial: Trial, parameter: Parameter) -> Value:
    name, domain = parameter.name, parameter.domain
    if isinstance(domain, Choice):
        if parameter.fixed:
            return domain.options[0]
        chosen: Value = trial.suggest_categorical(name, list(domain.options))
        return chosen
    if isinstance(domain, Float):
        return trial.suggest_float(name, domain.low, domain.high, log=domain.log)
    return trial.suggest_int(name, domain.low, domain.high, log=domain.log)


def largest_value(space: Space, name: str) -> float | None:
    """The largest number that a configuration may have as ``name``; ``None`` where the space says nothing of it."""
    for parameter in space.parameters:
        if parameter.name == name:
            domain = parameter.domain
            options = domain.options if isinstance(domain, Choice) else [domain.high]
            return max(float(option) for option in options if option is not None)
    constant = space.constants.get(name)
    return None if constant is None else float(constant)


def parameter_names(space: Space) -> tuple[str, ...]:
    """The flat names that a trial may put to Optuna, in order."""
    return tuple(parameter.name for parameter in space.parameters if not parameter.fixed)


def possible_values(space: Space, name: str) -> tuple[Value, ...] | None:
    """All that a configuration may have as ``name``: empty where the space says nothing of it, ``None`` for a range."""
    if name in space.constants:
        return (space.constants[name],)
    found = [parameter for parameter in space.parameters if parameter.name == name]
    if not found:
        return ()
    return found[0].domain.options if isinstance(found[0].domain, Choice) else None


def fixed(space: Space, name: str, value: Value) -> Space:
    """``space`` with ``name`` as a constant, whatever it was, and without what then never applies."""
    kept = [p for p in space.parameters if p.name != name and value in p.when.get(name, (value,))]
    parameters = tuple(replace(p, when={n: allowed for n, allowed in p.when.items() if n != name}) for p in kept)
    gone = {p.name for p in space.parameters} - {p.name for p in parameters}
    first = tuple({n: v for n, v in row.items() if n != name and n not in gone} for row in space.first)
    return replace(space, parameters=parameters, constants={**space.constants, name: value}, first=first)
