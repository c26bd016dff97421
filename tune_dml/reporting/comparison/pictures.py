"""The three pictures of a comparison as SVG with a text in their place for those who cannot see them."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

from tune_dml.reporting.comparison.comparison_report import ComparisonReport

#: Drawn in these, which the page's own colours take the place of, light or dark.
_INK, _QUIET, _ACCENT = "#010203", "#040506", "#070809"
_COLOURS = {_INK: "currentColor", _QUIET: "var(--quiet)", _ACCENT: "var(--accent)"}
#: Told apart by shape, not by colour.
_MARKERS = "osD^vP*X<>hp"
_ROW = 0.28
_LONGEST = 30


@dataclass(frozen=True)
class Picture:
    """An inline SVG.

    Attributes:
        title: Heading.
        words: What it shows, in a sentence or more.
    """

    title: str
    words: str
    svg: str


def pictures(report: ComparisonReport) -> list[Picture]:
    """Differences with intervals by task, ranks with the critical difference, score against seconds; for each number
    of shots, those that there is something to draw of."""
    found = []
    for shots in report.summary.over:
        for number, make in enumerate((_differences, _ranks, _seconds)):
            picture = make(report, shots, f"{shots}-{number}")
            if picture is not None:
                found.append(picture)
    return found


def _differences(report: ComparisonReport, shots: str, mark: str) -> Picture | None:
    groups = [g for g in report.summary.groups if g.shots == shots and any(p.interval for p in g.paired)]
    if not groups:
        return None
    rows = [(group.task, pair) for group in groups for pair in group.paired if pair.interval is not None]
    arms = list(dict.fromkeys(pair.arm for _, pair in rows))
    scale = 100 if report.in_points else 1
    words = []
    with _figure(0.9 + _ROW * (len(rows) + len(groups))) as (figure, axes):
        place, ticks, names = 0.0, [], []
        for group in groups:
            place += 0.6
            for pair in (p for p in group.paired if p.interval is not None):
                assert pair.interval is not None
                low, high = (scale * bound for bound in pair.interval)
                axes.plot([low, high], [place, place], color=_ACCENT, linewidth=2)
                axes.plot(scale * pair.mean, place, _MARKERS[arms.index(pair.arm) % len(_MARKERS)], color=_ACCENT)
                ticks.append(place)
                names.append(f"{_short(group.task)} · {pair.arm}")
                mean, *bounds = report.shown(pair.mean, signed=True), *map(report.shown, pair.interval)
                words.append(f"{group.task}, {pair.arm}: {mean}, {bounds[0]} to {bounds[1]}.")
                place += 1
        axes.axvline(0, color=_INK, linewidth=1)
        axes.axvspan(
            -scale * report.summary.margin, scale * report.summary.margin, color=_QUIET, alpha=0.15, linewidth=0
        )
        axes.set_yticks(ticks, names)
        axes.invert_yaxis()
        axes.set_xlabel(f"difference to {report.summary.reference}, {report.unit} (right: better)")
        svg = _svg(figure, mark)
    title = f"Differences to {report.summary.reference}, {shots} shots"
    told = f"Mean differences with 95% intervals, in {report.unit}. " + " ".join(words)
    return Picture(title, told, _described(svg, title, told, mark))


def _ranks(report: ComparisonReport, shots: str, mark: str) -> Picture | None:
    ranks = report.summary.ranks.get(shots)
    if ranks is None or ranks.tasks < 2:
        return None
    with _figure(0.9 + _ROW * (len(ranks.average) + 1)) as (figure, axes):
        for place, (_, rank) in enumerate(ranks.average.items()):
            axes.plot([1, rank], [place, place], color=_QUIET, linewidth=1)
            axes.plot(rank, place, "o", color=_ACCENT)
        critical = ranks.critical_difference
        if critical is not None:
            axes.plot([1, 1 + critical], [-1, -1], color=_INK, linewidth=3)
            axes.text(1 + critical, -1, f"  critical difference {critical:.2f}", va="center", color=_INK)
        axes.set_yticks(range(len(ranks.average)), list(ranks.average))
        axes.set_xlim(0.9, len(ranks.average) + 0.1)
        axes.set_ylim(len(ranks.average) - 0.5, -1.7)
        axes.set_xlabel("average rank (1: best)")
        svg = _svg(figure, mark)
    title = f"Average ranks over {ranks.tasks} tasks, {shots} shots"
    listed = ", ".join(f"{arm} {rank:.2f}" for arm, rank in ranks.average.items())
    told = f"Average ranks, 1 is best: {listed}."
    told += "" if critical is None else f" Ranks farther apart than {critical:.2f} differ at 5%."
    return Picture(title, told, _described(svg, title, told, mark))


def _seconds(report: ComparisonReport, shots: str, mark: str) -> Picture | None:
    """Mean over the tasks on which every arm has been run."""
    summary = report.summary
    whole = [g for g in summary.groups if g.shots == shots and len(g.arms) == len(summary.arms)]
    points = []
    for arm in summary.arms:
        rows = [row for group in whole for row in group.arms if row.arm == arm and row.seconds > 0]
        if rows and len(rows) == len(whole):
            points.append((arm, sum(r.seconds for r in rows) / len(rows), sum(r.mean for r in rows) / len(rows)))
    if len(points) < 2:
        return None
    with _figure(3.2) as (figure, axes):
        for number, (arm, seconds, score) in enumerate(points):
            shown = 100 * score if report.in_points else score
            axes.plot(seconds, shown, _MARKERS[number % len(_MARKERS)], color=_ACCENT)
            axes.annotate(f" {arm}", (seconds, shown), color=_INK, va="center")
        axes.set_xscale("log")
        axes.margins(x=0.25, y=0.15)
        axes.set_xlabel("seconds of training, mean of a cell")
        axes.set_ylabel(report.metric.words + (", %" if report.in_points else ""))
        svg = _svg(figure, mark)
    title = f"Score against seconds, {shots} shots"
    told = "; ".join(f"{arm}: {report.shown(score)} in {seconds:.0f} s" for arm, seconds, score in points)
    told = f"Mean {report.metric.words} and seconds of training. {told}."
    return Picture(title, told, _described(svg, title, told, mark))


@contextmanager
def _figure(height: float) -> Iterator[tuple[Any, Any]]:
    import matplotlib
    from matplotlib.figure import Figure

    style: Any = {
        "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10, "text.parse_math": False,
        "text.color": _INK, "axes.labelcolor": _INK, "axes.edgecolor": _QUIET, "xtick.color": _INK, "ytick.color": _INK,
        "axes.spines.top": False, "axes.spines.right": False,
    }  # fmt: skip
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(6.4, max(1.6, height)), layout="constrained")
        yield figure, figure.subplots()


def _svg(figure: Any, mark: str) -> str:
    import matplotlib

    out = io.StringIO()
    metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with matplotlib.rc_context({"svg.hashsalt": mark}), warnings.catch_warnings():
        # Of glyphs that it lacks: the reader's fonts show the text.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(out, format="svg", transparent=True, metadata=metadata)
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    for drawn, named in _COLOURS.items():
        svg = svg.replace(drawn, named)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # Groups are numbered alike in every picture, and nothing refers to their names.
    return re.sub(r' id="([^"]+)"', lambda found: found[0] if f"#{found[1]}" in svg else "", svg)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"


def _described(svg: str, title: str, words: str, mark: str) -> str:
    """With a name and a description for screen readers, as wide as the page."""
    head, rest = svg.split(">", 1)
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    ids = f"title-{escape(mark)}", f"words-{escape(mark)}"
    names = f'<title id="{ids[0]}">{escape(title)}</title><desc id="{ids[1]}">{escape(words)}</desc>'
    return f'{head} role="img" aria-labelledby="{ids[0]}" aria-describedby="{ids[1]}">{names}{rest}'
