"""A few configurations out of a space that between them have all of its structures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tune_dml.config import Choice, Float, Value
from tune_dml.spaces.space import Parameter, Space, suggest

#: Numbers that change how long training takes and not what is trained.
_AMOUNTS = frozenset({"batch_size", "epochs", "patience"})


class _Taken:
    """Stands for an Optuna trial: what is given, else the low (or high) end of a range and the first of choices."""

    def __init__(self, values: Mapping[str, Value], high: bool = False) -> None:
        self._values, self._high = values, high

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        return float(self._values.get(name, high if self._high else low))  # type: ignore[arg-type]

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        return int(self._values.get(name, high if self._high else low))  # type: ignore[arg-type]

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        given = self._values.get(name, choices[0])
        return given if given in choices else choices[0]


def examples(space: Space) -> Iterator[dict[str, Value]]:
    """Configurations, flat: the first ones of the space, its low and its high end, and one with each choice and each
    end of a whole number, the losses' own among them."""
    for row in space.first:
        yield suggest(_Taken(row), space)
    for high in (False, True):
        yield suggest(_Taken({}, high), space)
    for parameter in space.parameters:
        needed = {name: allowed[0] for name, allowed in parameter.when.items()}
        for option in _options(parameter):
            yield suggest(_Taken({**needed, parameter.name: option}), space)


def _options(parameter: Parameter) -> Sequence[Value]:
    domain = parameter.domain
    if isinstance(domain, Choice):
        return domain.options
    if isinstance(domain, Float) or parameter.name in _AMOUNTS:
        return ()
    return (domain.low, domain.high)
