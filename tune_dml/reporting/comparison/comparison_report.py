"""Everything that a comparison shows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from tune_dml.data import Metric
from tune_dml.statistics import Summary


@dataclass(frozen=True)
class ComparisonReport:
    """A comparison as it stands.

    Attributes:
        described: What an arm is, in a few words, by its name.
        cells: How many there are; ``done`` have a result.
        without: Cells without a score, by reason.
        versions: Of tune-dml, by which cells were run.
        folder: Of its files.
    """

    name: str
    metric: Metric
    summary: Summary
    described: Mapping[str, str]
    cells: int
    done: int
    without: Mapping[str, int] = field(default_factory=dict)
    versions: tuple[str, ...] = ()
    folder: str = ""

    @property
    def in_points(self) -> bool:
        """Whether scores are shares, so that their differences are percentage points."""
        return not self.metric.lower_is_better

    @property
    def unit(self) -> str:
        """Of differences."""
        return "points" if self.in_points else self.metric.words

    def shown(self, value: float | None, digits: int = 1, *, signed: bool = False) -> str:
        """A difference, in points where scores are shares."""
        if value is None:
            return ""
        if not math.isfinite(value):
            return "∞"
        value = 100 * value if self.in_points else value
        digits = digits if self.in_points else digits + 2
        text = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
        return text.replace("-", "−")
