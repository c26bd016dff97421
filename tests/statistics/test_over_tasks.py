from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tune_dml.statistics import Score, average_ranks, over_tasks, summarise
from tune_dml.statistics.over_tasks import told_together


def test_every_task_counts_the_same() -> None:
    row = over_tasks("a", {"x": [0.1, 0.2, 0.3], "y": [-0.1], "z": [0.005], "w": [0.0]}, 0.01)
    assert row.mean == pytest.approx((0.2 - 0.1 + 0.005) / 4)
    assert (row.tasks, row.wins, row.ties, row.losses, row.ahead) == (4, 1, 2, 1, 2)
    assert row.interval is not None
    assert row.interval.low < row.mean < row.interval.high


def test_tasks_that_differ_widen_the_interval() -> None:
    rng = np.random.default_rng(0)
    draws = [rng.normal(0, 0.01, 8) for _ in range(4)]
    alike = over_tasks("a", {str(i): d for i, d in enumerate(draws)}, 0.01).interval
    apart = over_tasks("a", {str(i): d + i / 10 for i, d in enumerate(draws)}, 0.01).interval
    assert alike is not None
    assert apart is not None
    assert apart.high - apart.low > 5 * (alike.high - alike.low)


def test_one_task_says_nothing_of_others() -> None:
    row = over_tasks("a", {"x": [0.1, 0.2]}, 0.01)
    assert (row.interval, row.better, row.worse) == (None, None, None)


def test_probabilities_add_up() -> None:
    row = over_tasks("a", {"x": [0.02, 0.0, 0.03, 0.01], "y": [0.01, -0.02, 0.04, 0.01]}, 0.01)
    assert row.better is not None
    assert row.worse is not None
    assert 0 <= row.worse < row.better <= 1
    assert row.better + row.worse <= 1


@pytest.mark.parametrize(("tasks", "draws", "has"), [(2, 1, False), (3, 3, False), (2, 4, True), (4, 1, True)])
def test_few_draws_of_few_tasks_have_no_interval(tasks: int, draws: int, has: bool) -> None:
    rng = np.random.default_rng(0)
    row = over_tasks("a", {str(i): rng.normal(1, 0.01, draws) for i in range(tasks)}, 0.01)
    assert (row.interval is not None) == (row.better is not None) == has
    assert told_together([row])[0].told == has


def test_what_is_told_from_chance_is_so_among_all_arms() -> None:
    """One of twelve arms without any effect has an interval that leaves 0 out more often than not."""
    rng, alone, together = np.random.default_rng(0), 0, 0
    for _ in range(40):
        rows = [over_tasks("a", {str(i): rng.normal(0, 1, 5) for i in range(6)}, 0.1, 500) for _ in range(12)]
        rows = [replace(row, arm=str(i)) for i, row in enumerate(rows)]
        alone += any(told_together([row])[0].told for row in rows)
        together += any(row.told for row in told_together(rows))
    assert alone > 8
    assert together <= 6


def test_ranks_and_friedman() -> None:
    rng = np.random.default_rng(0)
    scores = {name: rng.normal(shift, 1, 12) for name, shift in (("a", 0), ("b", 1), ("c", 3))}
    ranks = average_ranks(scores)
    assert list(ranks.average) == ["c", "b", "a"]
    table = np.array([stats.rankdata([-scores[n][t] for n in scores]) for t in range(12)])
    assert ranks.average["a"] == pytest.approx(table[:, 0].mean())
    statistic = stats.friedmanchisquare(*scores.values()).statistic
    assert ranks.p == pytest.approx(stats.f.sf(11 * statistic / (12 * 2 - statistic), 2, 22))
    # q of 3 arms at 5%: 2.343 (Demsar 2006, table 5).
    assert ranks.critical_difference == pytest.approx(2.343 * np.sqrt(3 * 4 / (6 * 12)), abs=1e-3)


def test_few_tasks_have_no_test() -> None:
    ranks = average_ranks({"a": [1, 2], "b": [2, 3], "c": [3, 4]}, lower_is_better=True)
    assert ranks.average == {"a": 1, "b": 2, "c": 3}
    assert ranks.p is None
    assert ranks.critical_difference is None


def test_equal_arms_share_ranks() -> None:
    ranks = average_ranks({name: [0.5] * 6 for name in "abc"})
    assert set(ranks.average.values()) == {2.0}
    assert ranks.p == 1.0


def test_a_summary_is_by_task_and_shots() -> None:
    rng = np.random.default_rng(0)
    scores = [
        Score(task, shots, draw, arm, float(rng.uniform()), 2.0)
        for task in ("x", "y")
        for shots in ("20", "50")
        for draw in range(4)
        for arm in ("ce", "a", "b")
        if (task, arm) != ("y", "b")
    ]
    summary = summarise(scores, ["ce", "a", "b"], "ce", 0.01)
    assert [(g.task, g.shots) for g in summary.groups] == [("x", "20"), ("x", "50"), ("y", "20"), ("y", "50")]
    assert [len(g.paired) for g in summary.groups] == [2, 2, 1, 1]
    assert {shots: [row.arm for row in rows] for shots, rows in summary.over.items()} == {
        "20": ["a", "b"],
        "50": ["a", "b"],
    }
    assert [row.tasks for row in summary.over["20"]] == [2, 1]
    # Only x has all arms.
    assert summary.ranks["20"].tasks == 1
    first = summary.groups[0].against("a")
    mine = {s.arm: [o.value for o in scores if (o.task, o.shots, o.arm) == ("x", "20", s.arm)] for s in scores}
    assert first is not None
    assert first.differences == pytest.approx(np.subtract(mine["a"], mine["ce"]))


def test_one_order_on_every_task_is_no_chance() -> None:
    ranks = average_ranks(
        {name: [value + i for i in range(6)] for name, value in {"a": 0.5, "b": 0.6, "c": 0.7}.items()}
    )
    assert ranks.average == {"c": 1.0, "b": 2.0, "a": 3.0}
    # Of the orders that six tasks may have: the first one's, five times more.
    assert ranks.p == pytest.approx(1 / 6**5)
