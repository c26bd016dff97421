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
    if not any(group.paired for group in summary.groups):
        sentences.append(f"There is nothing to hold against {summary.reference} yet: it and another arm need a score.")
    if any(len({arm.draws for arm in group.arms}) > 1 for group in summary.groups):
        sentences.append("Arms have been scored on different draws: differences are over those that both have.")
    for reason, count in report.without.items():
        sentences.append(f"{count} of {report.cells} cells {'is' if count == 1 else 'are'} left out: {reason}")
    if report.done < report.cells:
        sentences.append(
            f"{report.cells - report.done} of {report.cells} cells are missing: this is not the whole comparison."
        )
    if len(report.versions) > 1:
        sentences.append(f"Cells were run by tune-dml {' and '.join(report.versions)}, which may train differently.")
    return sentences


def _over_tasks(report: ComparisonReport, shots: str, row: OverTasks, groups: list[Group]) -> str:
    pairs = [p for group in groups if (p := group.against(row.arm)) is not None]
    sizes = {len(pair.differences) for pair in pairs}
    draws = (
        f"{row.tasks} tasks x {min(sizes)} draw{'s' * (min(sizes) != 1)}"
        if len(sizes) == 1
        else f"{row.tasks} tasks, {sum(len(p.differences) for p in pairs)} draws"
    )
    ahead = {row.tasks: "both" if row.tasks == 2 else f"all {_number(row.tasks)}", 0: "none"}.get(
        row.ahead, f"{_number(row.ahead)} of {_number(row.tasks)}"
    )
    verdict = _verdict(report, row.arm, row.mean, row.interval, row.told)
    return f"{verdict} over {draws} with {shots} shots; it was better in {ahead}."


def _on_one(report: ComparisonReport, group: Group, pair: Paired) -> str:
    draws = len(pair.differences)
    where = f"on {group.task} with {group.shots} shots, {draws} draw{'s' * (draws != 1)}"
    arms = len(group.paired)
    over = f", corrected for {arms} arms" if arms > 1 else ""
    p = "" if pair.corrected_p is None else f" ({shown_p(pair.corrected_p)}{over})"
    return f"{_verdict(report, pair.arm, pair.mean, pair.interval, pair.told)} {where}{p}."


def shown_p(p: float) -> str:
    """As papers write it."""
    return "p < 0.001" if p < 0.0005 else f"p = {p:.3f}"


def _verdict(report: ComparisonReport, arm: str, mean: float, interval: Interval | None, told: bool) -> str:
    """An interval is that of the size: seen from where the arm is behind, behind is positive."""
    reference, size = report.summary.reference, f"{report.shown(abs(mean))} {report.unit}"
    if interval is not None:
        low, high = interval if mean >= 0 else (-interval.high, -interval.low)
        size += f" [{report.shown(low)}, {report.shown(high)}]"
    if told:
        margin = report.summary.margin
        little = f", less than the margin of {report.shown(margin)} {report.unit}," if abs(mean) < margin else ""
        if float(report.shown(abs(mean))) == 0:
            size = f"less than can be shown ({abs(mean):.1g})"
        return f"{arm} {'beat' if mean > 0 else 'lost to'} {reference} by {size}{little}"
    chance = "with too few draws to say whether by chance" if interval is None else "which may be chance"
    if interval is not None and interval.low == interval.high:
        chance = "the same on every draw, of which there are too few to tell it from chance"
    if mean == 0:
        return f"{arm} was level with {reference}"
    return f"{arm} was {'ahead of' if mean > 0 else 'behind'} {reference} by {size}, {chance},"


def _too_few(report: ComparisonReport, shots: str, groups: list[Group]) -> Iterator[str]:
    """What could have been seen on single tasks where no test is possible."""
    untested = {g.task: [p for p in g.paired if p.p is None and p.visible is not None] for g in groups}
    untested = {task: pairs for task, pairs in untested.items() if pairs}
    if not untested:
        return
    pairs = [pair for some in untested.values() for pair in some]
    draws = min(len(pair.differences) for pair in pairs)
    where = f"{next(iter(untested))}, {shots} shots" if len(groups) == 1 else f"Single tasks, {shots} shots"
    arms = max(map(len, untested.values()))
    what = f"{arms} arm{'s' * (arms != 1)}"
    if len(pairs) < sum(len(group.paired) for group in groups):
        # The others have a test.
        where = f"{shots} shots"
        what = "; ".join(f"{', '.join(p.arm for p in some)} on {task}" for task, some in untested.items())
    few = f"{where}: {draws} draw{'s are' if draws != 1 else ' is'} too few for a test of {what} at 5%"
    seen = sorted(max(p.visible for p in some if p.visible is not None) for some in untested.values())
    if not math.isfinite(seen[-1]):
        yield f"{few}, or to tell any difference from chance."
        return
    size = report.shown(seen[0]) if len(seen) == 1 else f"{report.shown(seen[0])} to {report.shown(seen[-1])}"
    yield f"{few}. A difference of {size} {report.unit} would have been seen 8 times in 10."


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)
