"""The answer in sentences, one for each arm, and what chance leaves open."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tune_dml.reporting.comparison.comparison_report import ComparisonReport
from tune_dml.statistics import Group, Interval, OverTasks, Paired

_NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def answer(report: ComparisonReport) -> list[str]:
    """Sentences, the largest difference first; for each number of shots."""
    summary = report.summary
    sentences: list[str] = []
    for shots, rows in summary.over.items():
        groups = [group for group in summary.groups if group.shots == shots and group.paired]
        for row in sorted(rows, key=lambda row: -row.mean):
            if row.tasks > 1:
                sentences.append(_over_tasks(report, shots, row, groups))
            else:
                group = next(g for g in groups if g.against(row.arm) is not None)
                paired = group.against(row.arm)
                assert paired is not None
                sentences.append(_on_one(report, group, paired))
        sentences += _too_few(report, shots, groups)
    if report.done < report.cells:
        sentences.append(
            f"{report.cells - report.done} of {report.cells} cells are missing: this is not the whole comparison."
        )
    return sentences


def _over_tasks(report: ComparisonReport, shots: str, row: OverTasks, groups: list[Group]) -> str:
    pairs = [p for group in groups if (p := group.against(row.arm)) is not None]
    sizes = {len(pair.differences) for pair in pairs}
    draws = (
        f"{row.tasks} tasks x {min(sizes)} draws"
        if len(sizes) == 1
        else f"{row.tasks} tasks, {sum(len(p.differences) for p in pairs)} draws"
    )
    ahead = {row.tasks: f"all {_number(row.tasks)}", 0: "none"}.get(
        row.ahead, f"{_number(row.ahead)} of {_number(row.tasks)}"
    )
    verdict = _verdict(report, row.arm, row.mean, row.interval)
    return f"{verdict} over {draws} with {shots} shots; it was better in {ahead}."


def _on_one(report: ComparisonReport, group: Group, pair: Paired) -> str:
    draws = len(pair.differences)
    where = f"on {group.task} with {group.shots} shots, {draws} draw{'s' * (draws != 1)}"
    p = "" if pair.corrected_p is None else f" (p = {pair.corrected_p:.3f}, corrected for {len(group.paired)} arms)"
    return f"{_verdict(report, pair.arm, pair.mean, pair.interval)} {where}{p}."


def _verdict(report: ComparisonReport, arm: str, mean: float, interval: Interval | None) -> str:
    names = f"{arm}", report.summary.reference
    size = f"{report.shown(abs(mean))} {report.unit}"
    if interval is None:
        how = "ahead of" if mean > 0 else "behind" if mean < 0 else "level with"
        return f"{names[0]} was {how} {names[1]} by {size}, with too few draws to say whether by more than chance,"
    within = f"[{report.shown(interval.low)}, {report.shown(interval.high)}]"
    if interval.low > 0:
        return f"{names[0]} beat {names[1]} by {size} {within}"
    if interval.high < 0:
        return f"{names[0]} lost to {names[1]} by {size} {within}"
    size = f"{report.shown(mean, signed=True)} {report.unit}"
    return f"{names[0]} and {names[1]} differed by no more than chance, {size} {within},"


def _too_few(report: ComparisonReport, shots: str, groups: list[Group]) -> Iterator[str]:
    """What could have been seen where no test is possible."""
    for group in groups:
        untested = [pair for pair in group.paired if pair.p is None and pair.visible is not None]
        if untested:
            draws = min(len(pair.differences) for pair in untested)
            visible = max(pair.visible for pair in untested if pair.visible is not None)
            if not math.isfinite(visible):
                yield f"{group.task}, {shots} shots: {draws} draws are too few to tell any difference from chance."
                continue
            yield (
                f"{group.task}, {shots} shots: {draws} draws are too few for a test of {len(group.paired)} arms at "
                f"5%. A difference of {report.shown(visible)} {report.unit} would have been seen 8 times in 10, by its "
                "interval."
            )


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)
