"""What a hyperparameter may be: the three domains of a search space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = bool | int | float | str | None


@dataclass(frozen=True)
class Float:
    """A real number in ``[low, high]``, on a logarithmic scale if ``log`` (then ``low > 0``)."""

    low: float
    high: float
    log: bool = False

    def contains(self, value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}{', log' if self.log else ''}"


@dataclass(frozen=True)
class Int:
    """A whole number in ``[low, high]``, on a logarithmic scale if ``log`` (then ``low >= 1``)."""

    low: int
    high: int
    log: bool = False

    def contains(self, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.low} to {self.high}{', log' if self.log else ''}"


@dataclass(frozen=True)
class Choice:
    """One of the listed values."""

    options: tuple[Value, ...]

    def contains(self, value: object) -> bool:
        # False == 0 and True == 1, but a switch is not a number.
        return any(value == option and isinstance(value, bool) == isinstance(option, bool) for option in self.options)

    def __str__(self) -> str:
        return " | ".join("all" if o is None else str(o) for o in self.options)


Domain: TypeAlias = Float | Int | Choice
