"""Everything that a comparison shows, and the machine-readable document made of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

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


def to_document(report: ComparisonReport) -> dict[str, Any]:
    """For ``--json``; numbers that are none are ``null``."""
    values = {
        "comparison": {
            "name": report.name,
            "metric": report.metric.name,
            "reference": report.summary.reference,
            "margin": report.summary.margin,
            "cells": report.cells,
            "done": report.done,
            "without_score": dict(report.without),
            "versions": list(report.versions),
            "folder": report.folder,
        },
        "arms": dict(report.described),
        "groups": [asdict(group) for group in report.summary.groups],
        "over_tasks": {shots: [asdict(row) for row in rows] for shots, rows in report.summary.over.items()},
        "ranks": {shots: asdict(ranks) for shots, ranks in report.summary.ranks.items()},
    }
    found: dict[str, Any] = _finite(values)
    return found


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
