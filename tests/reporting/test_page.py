"""report.html."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tune_dml.config import SearchSettings, State
from tune_dml.errors import ResultsError
from tune_dml.reporting import html_page

VOID = {"meta", "br"}


class _Checker(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.tags, self.links = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def _parsed(page):
    checker = _Checker()
    checker.feed(page)
    assert checker.open == []
    return checker


def test_is_well_formed_and_self_contained(report):
    page = html_page(report)
    checker = _parsed(page)
    assert checker.links == []
    assert "script" not in checker.tags
    assert "url(" not in page
    assert "prefers-color-scheme: dark" in page
    for part in ("supcon #2", "0.750 ± 0.071", "Bias-corrected accuracy", "probe", "centroid", "tune-dml ui"):
        assert part in page


def test_texts_are_escaped(report):
    nasty = "<b>&\"'</b><script>alert(1)</script>"
    settings = SearchSettings(**{**report.settings.__dict__, "encoder": nasty, "name": "$title ${x}"})
    changed = replace(
        report, settings=settings, per_class={nasty: 10}, notes=(nasty,), protocol=nasty, source=nasty, model=nasty
    )
    page = html_page(changed)
    assert "<b>" not in page
    assert "script" not in _parsed(page).tags
    assert "&lt;b&gt;" in page
    assert "$title ${x}" in page


def test_the_chart_has_a_dot_for_each_trial_with_a_score(report):
    page = html_page(report)
    assert page.count('<circle class="winner"') == 1
    assert page.count('<circle class="done"') == 1
    assert page.count('<circle class="stopped"') == 1
    assert page.count('<line class="baseline"') == 2


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "log_loss"])
def test_every_metric(report, metric):
    page = html_page(replace(report, settings=replace(report.settings, metric=metric)))
    _parsed(page)
    assert "reference_ce" in page


def test_no_trial_has_a_score_yet(report):
    records = tuple(r if r.kind == "baseline" else replace(r, rounds=(), state=State.WAITING) for r in report.records)
    page = html_page(replace(report, records=records, winner=None, corrected=None, confirmed={}))
    _parsed(page)
    assert "<svg" not in page


def test_is_refused_without_baselines(without_baselines):
    with pytest.raises(ResultsError):
        html_page(without_baselines)
