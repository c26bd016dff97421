"""What is wrong with a comparison's file, told with its line."""

from __future__ import annotations

import pytest
from good_comparison import GOOD

from tune_dml.comparisons.comparison_file import comparison_from_text, comparison_from_values
from tune_dml.errors import UsageError


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("trials: 4", "trails: 4", 6, "nearest"),
        ("draws: 3", "include: [a.yaml]", 4, "'include' is no part"),
        ("draws: 3", "seeds: 3", 4, "it is called 'draws' here"),
        ("reference: ce", "baseline: ce", 12, "it is called 'reference' here"),
        ("  both:", "  yes:", 7, "quotation marks"),
        ("draws: 3", "draws: 0", 4, "draws 0"),
        ("draws: 3", "draws: [1, 1]", 4, "different seeds"),
        ("[20, full]", "[1]", 3, "shots 1"),
        ("losses: [ce]", "losses: [cee]", 8, "'cee' is not a loss"),
        ("losses: [ce]", "loses: [ce]", 8, "'loses' is no option of a search"),
        ("losses: [ce]", "seeds: 3", 8, "it is called 'confirm_seeds' here"),
        ("peer: linear_probe", "peer: linear-probe", 11, "no peer 'linear-probe'"),
        ("peer: linear_probe", "peer: linear_probe, recipe: {loss: ce}", 11, "is a recipe or a peer, not both"),
        ("lr: 1.0e-3", "lr: 5.0", 10, "lr"),
        ("reference: ce", "reference: ec", 12, "no arm 'ec'"),
        ("reference: ce", "margin: -1", 12, "margin"),
        ("reference: ce", "margin: 1", 12, "below 0.5"),
        ("reference: ce", "reference: 1", 12, "no arm 1"),
        ("reference: ce", "metric: [accuracy]", 12, "The metric is ['accuracy']"),
        ("reference: ce", "metric: acc", 12, "did you mean 'accuracy'"),
        ("reference: ce", "name: ''", 12, "cannot name a folder"),
        ("[20, full]", "[[20]]", 3, "shots [20]"),
        ("[20, full]", "[{a: 1}]", 3, "shots {'a': 1}"),
        ("[20, full]", "[]", 3, "names no shots"),
        ("reference: ce", "draws: 4", 12, "'draws' is given twice"),
        ("  both:", "  ce:", 9, "'ce' is given twice"),
        ("shots: [20, full]", "shots: [20, 20]", 3, "given twice"),
        ("  theirs:", "  the irs:", 11, "name"),
        ("trials: 4", "trials: many", 8, "trials"),
        ("data: my.csv", "date: my.csv", 2, "'date' says nothing about a task"),
        ("bbc, ", "bbc, bbc, ", 2, "twice"),
        ("tasks: [bbc, {task: mine, data: my.csv, text_columns: [a, b]}]", "tasks: []", 2, "no tasks"),
    ],
)
def test_mistakes_are_told_with_their_line(old: str, new: str, line: int, words: str) -> None:
    with pytest.raises(UsageError) as error:
        comparison_from_text(GOOD.replace(old, new), "bad.yaml", "bad")
    told = str(error.value)
    assert f"bad.yaml:{line}: " in told
    assert words in told or words == "nearest"
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("arms: &a {ref: *a}\n", "line 1 has an alias that stands for itself"),
        ("a: &a0 [1, 1]\n" + "".join(f"b{i}: &a{i + 1} [{', '.join([f'*a{i}'] * 9)}]\n" for i in range(9)), "200,000"),
        ("tasks: bbc\narms: [ce, ce]\n", "An arm is named twice in ce, ce"),
        ("tasks: bbc\narms: [{name: ce}]\n", "neither a mapping nor a list of losses"),
    ],
)
def test_shapes_that_mean_nothing_are_said_at_once(text: str, words: str) -> None:
    with pytest.raises(UsageError) as error:
        comparison_from_text(text, "bad.yaml", "bad")
    assert words in str(error.value)


def test_tasks_may_stand_in_a_line() -> None:
    assert [t["task"] for t in comparison_from_values({"tasks": "bbc, TREC", "arms": ["ce"]}).tasks] == ["bbc", "TREC"]


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", "1: 2", "tasks: !!python/object:os.system {}", "a: " + "[" * 40])
def test_what_is_no_comparison_is_said(text: str) -> None:
    with pytest.raises(UsageError):
        comparison_from_text(text, "bad.yaml", "bad")


def test_all_problems_come_at_once() -> None:
    with pytest.raises(UsageError, match="3 problems") as error:
        comparison_from_text("tasks: [bbc]\nshots: 1\ndraws: -1\narms: {a: {lss: 1}}\n", "bad.yaml", "bad")
    assert len(str(error.value).splitlines()) == 4
