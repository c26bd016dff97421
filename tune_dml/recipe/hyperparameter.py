"""One value of a recipe."""

from __future__ import annotations

from dataclasses import dataclass

from tune_dml.config.domains import Domain, Value


@dataclass(frozen=True)
class Hyperparameter:
    """What is known of a hyperparameter.

    Attributes:
        default: Where nobody says otherwise.
        domain: What it may be at all; of a loss's own, the range worth searching.
        source: Where default and range come from, or what it does.
        optional: Whether it may be ``None`` too, which is what the encoder has of itself, or all.
    """

    default: Value
    domain: Domain
    source: str
    optional: bool = False
