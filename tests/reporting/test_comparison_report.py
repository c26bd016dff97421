from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from tune_dml.data import metric_named
from tune_dml.reporting.comparison import ComparisonReport, answer, comparison_page, tables, to_document
from tune_dml.reporting.comparison.comparison_tables import csv_text, latex, markdown
from tune_dml.reporting.comparison.pictures import pictures
from tune_dml.statistics import Interval, Score, summarise

EVIL = "<script>alert(1)</script>&\"'$x_1$|%"


def report(
    tasks: int = 3, draws: int = 8, arms: int = 3, shots: tuple[str, ...] = ("50",), task: str = "task"
) -> ComparisonReport:
    """Arm 1 is better by four points, the others by nothing."""
    rng = np.random.default_rng(0)
    names = ["ce", *(f"arm-{i}" for i in range(1, arms))]
    scores = [
        Score(f"{task} {t}", n, draw, name, 0.6 + 0.04 * (name == "arm-1") + rng.normal(0, 0.01), 30.0 + i)
        for t in range(tasks)
        for n in shots
        for draw in range(draws)
        for i, name in enumerate(names)
    ]
    summary = summarise(scores, names, "ce", 0.01)
    described = {name: EVIL for name in names}
    return ComparisonReport("mine", metric_named("accuracy"), summary, described, len(scores), len(scores))


def _with(shifts: list[float], tasks: int = 1, draws: int = 8) -> ComparisonReport:
    """Arm ``b`` is ahead of ``a`` by so much, on the same draws of each task."""
    rng = np.random.default_rng(0)
    base = rng.normal(0.6, 0.02, draws)
    scores = []
    for task in range(tasks):
        scores += [Score(f"t{task}", "20", d, "a", base[d], 1.0) for d in range(draws)]
        scores += [Score(f"t{task}", "20", d, "b", base[d] + shifts[d % len(shifts)], 1.0) for d in range(draws)]
    return ComparisonReport("mine", metric_named("accuracy"), summarise(scores, ["a", "b"], "a", 0.01), {}, 6, 6)


def test_a_difference_that_is_too_small_is_said_to_be() -> None:
    [little] = answer(_with([0.0031, 0.0029, 0.003]))
    assert "b beat a by 0.3 points" in little
    assert ", less than the margin of 1.0 points, on t0 with 20 shots, 8 draws" in little
    [less] = answer(_with([0.00031, 0.00029, 0.0003]))
    assert "b beat a by less than can be shown (0.0003), less than the margin" in less
    assert "0.0 points" not in less


def test_one_draw_is_one() -> None:
    assert "3 tasks x 1 draw " in answer(_with([0.05], tasks=3, draws=1))[0]


def test_names_are_data_in_markdown_too() -> None:
    [first, *_] = tables(report(task="<i>&A"))
    assert "<i>" not in markdown(first)
    assert "&lt;i>&amp;A" in markdown(first)


def test_the_answer_is_a_sentence_an_arm() -> None:
    first, second = answer(report())
    assert re.fullmatch(
        r"arm-1 beat ce by [34]\.\d points \[\d\.\d, \d\.\d\] over 3 tasks x 8 draws with 50 shots; "
        r"it was better in all three\.",
        first,
    )
    assert re.match(
        r"arm-2 was ahead of ce by 0\.3 points \[−0\.\d, 1\.\d\], which may be chance, over 3 tasks", second
    )


def test_one_task_has_its_p() -> None:
    first = answer(report(tasks=1))[0]
    assert re.search(r"on task 0 with 50 shots, 8 draws \(p = 0\.0\d\d, corrected for 2 arms\)\.$", first)


def test_an_interval_is_no_win_where_the_corrected_test_is_none() -> None:
    found = report(tasks=1)
    [group] = found.summary.groups
    pairs = tuple(replace(pair, corrected_p=0.2, told=False) for pair in group.paired)
    summary = replace(found.summary, groups=(replace(group, paired=pairs),))
    told = answer(replace(found, summary=summary))
    assert re.match(
        r"arm-1 was ahead of ce by 4\.0 points \[\d.*\], which may be chance, on task 0 .* \(p = 0\.200", told[0]
    )


def test_an_interval_is_seen_from_the_side_that_the_sentence_takes() -> None:
    found = report(tasks=1)
    [group] = found.summary.groups
    first, second = group.paired
    worse = replace(first, mean=-first.mean, interval=Interval(-first.interval.high, -first.interval.low))
    summary = replace(found.summary, groups=(replace(group, paired=(worse, second)),))
    told = answer(replace(found, summary=summary))
    assert re.match(r"arm-1 lost to ce by 4\.0 points \[3\.\d, 5\.\d\] on", told[0])


def test_with_too_few_draws_it_says_what_could_have_been_seen() -> None:
    found = report(tasks=1, draws=5)
    told = answer(found)
    assert "5 draws are too few for a test of 2 arms at 5%" in told[-1]
    assert "would have been seen 8 times in 10" in told[-1]
    several = answer(report(draws=5))
    assert re.search(r"^Single tasks, 50 shots: 5 draws .* A difference of \d\.\d to \d\.\d points", several[-1])
    assert "too few to" not in several[-1]
    assert "or to tell any difference from chance" in answer(report(tasks=1, draws=2))[-1]
    [table] = tables(found)
    assert {row[table.headers.index("p")] for row in table.rows} == {""}


def test_an_unfinished_comparison_says_so() -> None:
    found = report()
    missing = ComparisonReport(**{**found.__dict__, "cells": found.cells + 7})
    assert answer(missing)[-1].startswith(f"7 of {found.cells + 7} cells are missing")


@pytest.mark.parametrize("task", ["plain", EVIL, "日本語", "a" * 200])
def test_nothing_from_data_becomes_markup(task: str) -> None:
    found = report(task=task)
    page = comparison_page(found)
    assert "<script" not in page
    assert "http:" not in re.sub(r'xmlns(:xlink)?="[^"]*"', "", page)
    assert "src=" not in page
    assert len(re.findall("<svg", page)) == 3
    for picture in pictures(found):
        root = ElementTree.fromstring(picture.svg)
        assert root.get("role") == "img"
        assert [child.tag.rpartition("}")[2] for child in root][:2] == ["title", "desc"]
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_pictures_take_the_pages_colours() -> None:
    for picture in pictures(report()):
        assert "currentColor" in picture.svg
        assert not re.search("#01020[0-9]|#04050[0-9]|#07080[0-9]", picture.svg)


def test_tables_in_every_form() -> None:
    found = tables(report(shots=("20", "50"), tasks=6))
    assert len(found) == 12 + 2 + 2
    for table in found:
        assert all(len(row) == len(table.headers) for row in table.rows)
        assert len(csv_text(table).splitlines()) == len(table.rows) + 1
        assert markdown(table).count("\n|") == len(table.rows) + 1
        text = latex(table)
        assert text.count(r"\\") == len(table.rows) + 1
        assert not re.search(r"(?<!\\)[%_&#](?!\s)", text.replace(" & ", " "))


def test_the_document_is_json() -> None:
    document = to_document(report(draws=2))
    again = json.loads(json.dumps(document, allow_nan=False))
    assert again["comparison"]["reference"] == "ce"
    assert [group["task"] for group in again["groups"]] == ["task 0", "task 1", "task 2"]
    assert again["groups"][0]["paired"][0]["interval"] is None


def test_two_thousand_cells_are_summed_up_and_drawn_quickly() -> None:
    begun = time.monotonic()
    found = report(tasks=10, draws=10, arms=10, shots=("20", "100"))
    assert found.cells == 2000
    assert len(comparison_page(found)) > 10_000
    tables(found)
    assert time.monotonic() - begun < 20
