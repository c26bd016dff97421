"""Budgets of time as users write them."""

from __future__ import annotations

import re

from tune_dml.errors import UsageError

_TIME = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?:in)?)?(?:(\d+(?:\.\d+)?)s?)?")


def seconds(budget: str | float | None, option: str = "--time-budget") -> float | None:
    """A budget of time in seconds: ``"30m"``, ``"1h30m"``, ``"90s"``, or a number of seconds."""
    if budget is None:
        return None
    match = _TIME.fullmatch(str(budget).strip().lower().replace(" ", ""))
    total = (
        sum(float(part or 0) * unit for part, unit in zip(match.groups(), (3600, 60, 1), strict=True)) if match else 0
    )
    if not total:
        raise UsageError(f"{option} is '{budget}'; write it like 30m, 2h or 1h30m.")
    return total
