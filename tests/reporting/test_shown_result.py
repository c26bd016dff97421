"""What Python shows of a result: a few lines, and a table in a notebook."""

from dataclasses import replace

from tune_dml.config import TaskSettings
from tune_dml.workflows.api import SearchResult


def test_a_result_is_shown_in_a_few_lines(report):
    shown = repr(SearchResult(report))
    assert len(shown.splitlines()) <= 6
    assert len(shown) < 1_000
    for words in ("TREC", "supcon #2", "cross-validation accuracy: 0.800", f"model: {report.model}"):
        assert words in shown
    stopped = replace(report, winner=None, model=None, confirmed={}, interrupted=True)
    assert "tune-dml resume trec-50-quiet-fox" in repr(SearchResult(stopped))


def test_parts_of_a_result_are_short_too(report):
    for part in (report, report.winner, report.records[0].rounds[0], SearchResult(report).best):
        assert len(repr(part)) < 600
        assert "array" not in repr(part)


def test_a_notebook_shows_the_leaderboard_with_all_texts_escaped(report):
    evil = replace(report, settings=replace(report.settings, task=TaskSettings("<script>alert(1)</script>")))
    page = SearchResult(evil)._repr_html_()
    for name in ("supcon #2", "probe", "reference_ce", "<table>"):
        assert name in page
    assert "<script" not in page
