"""A dot chart of cross-validation scores by trial, as inline SVG without scripts or fonts of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import pairwise

from tune_dml.reporting.leaderboard import Row

_WIDTH, _HEIGHT = 720, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 136, 14, 38
_LABEL_GAP = 15.0


def dot_chart(rows: Sequence[Row], metric: str, metric_words: str) -> str:
    """The chart as an ``<svg>`` element; an empty string if no trial has a score.

    Filled dots finished all their rounds, hollow ones were stopped; the winner has a ring; baselines are dashed lines.
    Colours are CSS classes of the page around it.
    """
    trials = [(row, row.cv[metric]) for row in rows if row.kind == "trial" and row.cv and row.state != "FAIL"]
    lines = [(row, row.cv[metric]) for row in rows if row.kind == "baseline" and row.cv]
    if not trials:
        return ""
    ticks = _ticks([value for _, value in trials + lines])
    low, high = ticks[0], ticks[-1]
    last = max(1, max(row.trial or 0 for row, _ in trials))

    def x(number: float) -> float:
        return _LEFT + 10 + (_WIDTH - _LEFT - _RIGHT - 20) * number / last

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * (value - low) / (high - low)

    end = _WIDTH - _RIGHT
    description = f"Cross-validation {metric_words} of {len(trials)} trials, in the order they were proposed."
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(description)}">',
        f"<title>{escape(description)}</title>",
    ]
    for tick in ticks:
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{end}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        parts.append(f'<text class="axis" x="{_LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:.4g}</text>')
    for number in sorted({0, last // 2, last}):
        parts.append(f'<text class="axis" x="{x(number):.1f}" y="{_HEIGHT - 20}" text-anchor="middle">{number}</text>')
    parts.append(f'<text class="axis" x="{(_LEFT + end) / 2:.0f}" y="{_HEIGHT - 4}" text-anchor="middle">trial</text>')
    for (row, value), label_y in zip(lines, _apart([y(value) for _, value in lines]), strict=True):
        parts.append(f'<line class="baseline" x1="{_LEFT}" x2="{end}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        parts.append(f'<text class="label" x="{end + 6}" y="{label_y + 4:.1f}">{escape(row.name)} {value:.3f}</text>')
    for row, value in trials:
        kind = "winner" if row.is_winner else "done" if row.state == "COMPLETE" else "stopped"
        tip = escape(f"{row.name}: {value:.3f} rounds {row.rounds}{f', {row.mark}' if row.mark else ''}")
        place = f'cx="{x(row.trial or 0):.1f}" cy="{y(value):.1f}"'
        if row.is_winner:
            parts.append(f'<circle class="ring" {place} r="9"/>')
        parts.append(f'<circle class="{kind}" {place} r="4.5"><title>{tip}</title></circle>')
    return "\n".join([*parts, "</svg>"])


def _ticks(values: Sequence[float]) -> list[float]:
    """Three to seven round numbers that enclose the values."""
    low, high = min(values), max(values)
    span = max(high - low, 0.02)
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = next(m * power for m in (1, 2, 5, 10) if span / (m * power) <= 5)
    first, final = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 10) for i in range(first, max(final, first + 2) + 1)]


def _apart(positions: Sequence[float]) -> list[float]:
    """Heights of labels, moved down where they would cover one another."""
    moved = list(positions)
    order = sorted(range(len(moved)), key=lambda i: moved[i])
    for above, below in pairwise(order):
        moved[below] = max(moved[below], moved[above] + _LABEL_GAP)
    return moved
