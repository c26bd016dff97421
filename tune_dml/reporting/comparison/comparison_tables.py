"""The tables of a comparison, for a terminal, CSV, Markdown, LaTeX and the page."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tune_dml.reporting.comparison.answer import shown_p
from tune_dml.reporting.comparison.comparison_report import ComparisonReport
from tune_dml.statistics import Group

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "−": "$-$", "∞": r"$\infty$", "≥": r"$\geq$",
    "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip
#: Columns that a terminal leaves out.
_LONG = ("draws", "visible", "s")


@dataclass(frozen=True)
class Table:
    """Cells as text.

    Attributes:
        title: Of what.
        caption: What it shows, and what its columns mean.
        text: How many columns, from the first, hold words.
    """

    title: str
    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: int = 1

    def brief(self) -> Table:
        """With the columns that 80 characters have room for."""
        kept = [i for i, header in enumerate(self.headers) if header not in _LONG and not header.startswith("P(")]
        rows = tuple(tuple(row[i] for i in kept) for row in self.rows)
        return replace(self, headers=tuple(self.headers[i] for i in kept), rows=rows)


def tables(report: ComparisonReport) -> list[Table]:
    """One for each task and number of shots; then, over several tasks, differences and ranks."""
    found = [_of_group(report, group) for group in report.summary.groups]
    for shots, rows in report.summary.over.items():
        if any(row.tasks > 1 for row in rows):
            found.append(_over_tasks(report, shots))
    found += [_ranks(report, shots) for shots, ranks in report.summary.ranks.items() if ranks.tasks > 1]
    return found


def _of_group(report: ComparisonReport, group: Group) -> Table:
    rows = []
    for arm in group.arms:
        pair = group.against(arm.arm)
        spread = "" if arm.spread is None else f" ± {report.shown(arm.spread)}"
        row = [arm.arm, str(arm.draws), f"{report.shown(arm.mean)}{spread}"]
        if pair is None:
            row += ["", "", "", "", ""]
        else:
            row += [
                report.shown(pair.mean, signed=True),
                _interval(report, pair.interval),
                "" if pair.corrected_p is None else shown_p(pair.corrected_p).removeprefix("p ").removeprefix("= "),
                "" if pair.better is None else f"{pair.better:.2f}",
                report.shown(pair.visible),
            ]
        rows.append((*row, "" if arm.seconds != arm.seconds else f"{arm.seconds:.0f}"))
    reference, margin = report.summary.reference, report.shown(report.summary.margin)
    title = f"{group.task}, {group.shots} shots"
    caption = (
        f"{title}: {report.metric.words} on the test texts{_lower(report)}, mean and standard deviation over draws; "
        f"difference to {reference} on the same draws, positive where the arm is better, with its 95% interval "
        f"(studentised bootstrap); p of the sign-flip test, corrected by Holm over all {len(group.paired)} arms that "
        f"have one, where there are draws enough for it; probability of being better by more than {margin} "
        f"{report.unit}; the difference that would have been seen 8 times in 10; seconds of training."
    )
    headers = ("arm", "draws", report.metric.words, "difference", "95% interval", "p", f"P(> {margin})", "visible", "s")
    return Table(title, caption, headers, tuple(rows))


def _over_tasks(report: ComparisonReport, shots: str) -> Table:
    margin = report.shown(report.summary.margin)
    rows = tuple(
        (
            row.arm,
            str(row.tasks),
            report.shown(row.mean, signed=True),
            _interval(report, row.interval),
            f"{row.wins}/{row.ties}/{row.losses}",
            "" if row.better is None else f"{row.better:.2f}",
            "" if row.worse is None else f"{row.worse:.2f}",
        )
        for row in sorted(report.summary.over[shots], key=lambda row: -row.mean)
    )
    title = f"Over tasks, {shots} shots"
    caption = (
        f"{title}: mean difference to {report.summary.reference}, positive where the arm is better, every task "
        "counting the same, with its 95% interval (two-level bootstrap: tasks, and draws within them); tasks on which "
        f"the arm is better by more than {margin} {report.unit}, within that, worse by more; probabilities of the mean "
        "being so."
    )
    headers = ("arm", "tasks", "difference", "95% interval", "win/tie/loss", f"P(> {margin})", f"P(< −{margin})")
    return Table(title, caption, headers, rows)


def _ranks(report: ComparisonReport, shots: str) -> Table:
    ranks = report.summary.ranks[shots]
    if ranks.critical_difference is None:
        told = "too few tasks, or arms, for Friedman's test."
    else:
        apart = f"ranks farther apart than {ranks.critical_difference:.2f} differ at 5% (Nemenyi)"
        told = f"Friedman's test: {shown_p(ranks.p or 0.0)}; {apart}."
    title = f"Average ranks over {ranks.tasks} tasks, {shots} shots"
    return Table(
        title,
        f"{title}, on the draws that all arms have; {told}",
        ("arm", "average rank"),
        tuple((arm, f"{rank:.2f}") for arm, rank in ranks.average.items()),
    )


def _lower(report: ComparisonReport) -> str:
    return " (lower is better)" if report.metric.lower_is_better else ""


def _interval(report: ComparisonReport, interval: Sequence[float] | None) -> str:
    return "" if interval is None else f"[{report.shown(interval[0])}, {report.shown(interval[1])}]"


def markdown(table: Table) -> str:
    """With its caption below."""
    lines = [table.headers, tuple("---" if i < table.text else "---:" for i in range(len(table.headers))), *table.rows]
    escaped = ("| " + " | ".join(plain(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
    return "\n".join([*escaped, "", plain(table.caption), ""])


def plain(text: str) -> str:
    """A text in Markdown on one line: names are data, and as HTML they would be swallowed by whoever shows them."""
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")


def latex(table: Table) -> str:
    """A ``tabular`` with ``booktabs``, its caption as a comment's neighbour: ``\\caption``."""
    columns = "".join("l" if i < table.text else "r" for i in range(len(table.headers)))
    body = [" & ".join(map(_escaped, row)) + r" \\" for row in table.rows]
    lines = [
        r"\begin{table}", rf"\caption{{{_escaped(table.caption)}}}", rf"\begin{{tabular}}{{{columns}}}", r"\toprule",
        " & ".join(map(_escaped, table.headers)) + r" \\", r"\midrule", *body, r"\bottomrule", r"\end{tabular}",
        r"\end{table}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def csv_text(table: Table) -> str:
    """Without its caption."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([table.headers, *table.rows])
    return out.getvalue()


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)
