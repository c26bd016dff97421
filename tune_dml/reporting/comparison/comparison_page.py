"""The page of a comparison: one file that carries all it needs, light or dark as the reader's system is."""

from __future__ import annotations

from tune_dml.reporting.comparison.answer import answer
from tune_dml.reporting.comparison.comparison_report import ComparisonReport
from tune_dml.reporting.comparison.comparison_tables import tables
from tune_dml.reporting.comparison.pictures import pictures

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Comparison {{ name }}</title>
<style>
:root { color-scheme: light dark; --text: #1c1e21; --quiet: #5b6370; --page: #ffffff; --line: #d9dde3;
  --accent: #1f6feb; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e7eb; --quiet: #9aa4b2; --page: #14171b; --line: #333a44; --accent: #6ea8fe; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; text-align: left; color: var(--quiet); font-size: .9rem; padding-top: .5rem; }
th, td { padding: .25rem .75rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
.quiet { color: var(--quiet); }
figure { margin: 1rem 0; } svg { width: 100%; max-width: 48rem; height: auto; }
</style>
</head>
<body>
<main>
<h1>Comparison {{ name }}</h1>
{% for sentence in sentences %}<p>{{ sentence }}</p>
{% endfor %}
<p class="quiet">{{ done }} of {{ cells }} cells have been run
{%- for reason, count in without.items() %}; {{ count }} without a score: {{ reason }}{% endfor %}.</p>
{% for picture in pictures %}<h2>{{ picture.title }}</h2>
<figure>{{ picture.svg | safe }}</figure>
{% endfor %}
{% for table in tables %}<h2>{{ table.title }}</h2>
<div class="wide" role="region" tabindex="0" aria-label="{{ table.title }}"><table>
<caption>{{ table.caption }}</caption>
<thead><tr>{% for header in table.headers %}<th scope="col">{{ header }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in table.rows %}<tr><th scope="row">{{ row[0] }}</th>
{%- for cell in row[1:] %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody>
</table></div>
{% endfor %}
<h2>Arms</h2>
<ul>{% for arm, words in described.items() %}<li><b>{{ arm }}</b>: {{ words }}</li>{% endfor %}</ul>
</main>
</body>
</html>
"""


def comparison_page(report: ComparisonReport) -> str:
    """As HTML. Everything that comes from data or settings is escaped: by the template, and by the pictures."""
    from jinja2 import Environment

    template = Environment(autoescape=True).from_string(_PAGE)
    return template.render(
        name=report.name,
        sentences=answer(report),
        done=report.done,
        cells=report.cells,
        without=report.without,
        pictures=pictures(report),
        tables=tables(report),
        described=report.described,
    )
