"""A comparison for ``--json``."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from tune_dml.reporting.comparison.answer import answer
from tune_dml.reporting.comparison.comparison_report import ComparisonReport


def to_document(report: ComparisonReport) -> dict[str, Any]:
    """For ``--json``; numbers that are none are ``null``."""
    values = {
        "answer": answer(report),
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
