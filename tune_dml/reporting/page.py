"""report.html: one page that carries all it needs, light or dark as the reader's system is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from string import Template

from tune_dml.data import metric_named
from tune_dml.reporting.chart import dot_chart
from tune_dml.reporting.document import SearchReport
from tune_dml.reporting.leaderboard import Row
from tune_dml.reporting.leaderboard_tables import table_cells
from tune_dml.reporting.wording import next_commands, places, result_sentences, shots_sentence, title

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>$title</title>
<style>
:root { color-scheme: light dark; --text: #1c1e21; --quiet: #5b6370; --page: #ffffff; --line: #d9dde3;
  --accent: #1f6feb; --mark: #b35900; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e7eb; --quiet: #9aa4b2; --page: #14171b; --line: #333a44; --accent: #6ea8fe; --mark: #f0a35e; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .75rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th.text, td.text { text-align: left; }
tr.winner { font-weight: 600; } tr.baseline { color: var(--mark); } .quiet { color: var(--quiet); }
svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; }
.axis { fill: var(--quiet); } .label { fill: var(--mark); } .grid { stroke: var(--line); }
line.baseline { stroke: var(--mark); stroke-dasharray: 5 4; }
circle.done, circle.winner { fill: var(--accent); }
circle.stopped { fill: var(--page); stroke: var(--accent); stroke-width: 1.5; }
circle.ring { fill: none; stroke: var(--accent); stroke-width: 1.5; }
</style>
</head>
<body>
<h1>$title</h1>
$results
<h2>Leaderboard</h2>
<div class="wide">$leaderboard</div>
$chart
<h2>Best configuration</h2>
<div class="wide">$configuration</div>
<h2>Protocol and data</h2>
$data
<h2>Where the results are</h2>
<div class="wide">$places</div>
<h2>Next</h2>
<pre>$commands</pre>
</body>
</html>
""")


def html_page(report: SearchReport) -> str:
    """The report as HTML. Every text that comes from data or settings is escaped.

    Raises:
        ResultsError: the records lack the baselines.
    """
    rows = report.rows()
    metric = metric_named(report.settings.metric)
    headers, cells = table_cells(report, rows)
    chart = dot_chart(rows, metric.name, metric.words)
    caption = "Dots: trials in the order they were proposed; hollow: stopped early; ring: winner; dashed: baselines."
    return _PAGE.substitute(
        title=escape(title(report)),
        results=_paragraphs(result_sentences(report, rows)),
        leaderboard=_table(headers, cells, [_row_class(row) for row in rows]),
        chart=f'<h2>Scores by trial ({metric.words})</h2>\n{chart}\n<p class="quiet">{caption}</p>' if chart else "",
        configuration=_configuration(report, rows),
        data=_paragraphs([report.protocol, shots_sentence(report), _source(report), *report.notes]),
        places=_table([], [[label, path] for label, path in places(report).items()]),
        commands=escape("\n".join(next_commands(report))),
    )


def leaderboard_html(report: SearchReport) -> str:
    """Title, leaderboard and result as a piece of a page, for a notebook; all texts are escaped.

    Raises:
        ResultsError: the records lack the baselines.
    """
    rows = report.rows()
    table = _table(*table_cells(report, rows), [_row_class(row) for row in rows])
    return f"<h4>{escape(title(report))}</h4>\n{table}\n{_paragraphs(result_sentences(report, rows)[:1])}"


def _source(report: SearchReport) -> str:
    return f"Data: {report.source}" if report.source else ""


def _configuration(report: SearchReport, rows: Sequence[Row]) -> str:
    winner = next((row for row in rows if row.is_winner), None)
    if winner is None:
        return "<p>There is none yet.</p>"
    values = {
        **winner.params,
        "readout": winner.readout or report.kind.target.readout,
        "temperature": report.temperature,
    }
    return _table([], [[name, _value(value)] for name, value in values.items()])


def _value(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _paragraphs(texts: Iterable[str]) -> str:
    return "\n".join(f"<p>{escape(text)}</p>" for text in texts if text)


def _row_class(row: Row) -> str:
    return "winner" if row.is_winner else row.kind


def _table(headers: Sequence[str], cells: Sequence[Sequence[str]], classes: Sequence[str] = ()) -> str:
    # Names and remarks read from the left, numbers from the right.
    text = [not headers or header in ("name", "") for header in headers or (cells[0] if cells else [])]

    def line(tag: str, values: Sequence[str]) -> str:
        return "".join(
            f'<{tag} class="{"text" if left else "number"}">{escape(value)}</{tag}>'
            for left, value in zip(text, values, strict=True)
        )

    head = f"<thead><tr>{line('th', headers)}</tr></thead>" if headers else ""
    body = "\n".join(
        f'<tr class="{escape(name)}">{line("td", values)}</tr>'
        for name, values in zip(classes or [""] * len(cells), cells, strict=True)
    )
    return f"<table>{head}<tbody>\n{body}\n</tbody></table>"
