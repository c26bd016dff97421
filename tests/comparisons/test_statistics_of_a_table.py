"""What a comparison says, held against an independent computation on its own ``cells.csv``; and a large one."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_cells import made_up
from scipy import stats

import tune_dml


def test_statistics_are_those_of_the_csv(tmp_path: Path) -> None:
    values = made_up(tmp_path, tasks=3, shots=[50], draws=8, arms=4)
    found = tune_dml.compare(values, results=str(tmp_path), run=False).to_dict()
    table = pd.read_csv(tmp_path / "comparisons" / "made-up" / "cells.csv")
    assert len(table) == 3 * 8 * 4
    means: dict[str, list[float]] = {}
    for group in found["groups"]:
        wide = table[table.task == group["task"]].pivot(index="draw", columns="arm", values="value")
        for arm in group["arms"]:
            assert arm["mean"] == pytest.approx(wide[arm["arm"]].mean())
            assert arm["spread"] == pytest.approx(wide[arm["arm"]].std())
            means.setdefault(arm["arm"], []).append(arm["mean"])
        ps = {}
        for pair in group["paired"]:
            differences = (wide[pair["arm"]] - wide["ce"]).to_numpy()
            assert pair["differences"] == pytest.approx(differences.tolist())
            flips = stats.permutation_test(
                (differences,), lambda x, axis: x.mean(axis=axis), permutation_type="samples", n_resamples=np.inf,
                vectorized=True,
            )  # fmt: skip
            ps[pair["arm"]] = flips.pvalue
            assert pair["p"] == pytest.approx(flips.pvalue)
            assert pair["interval"] == pytest.approx(_bootstrap_t(differences), abs=4e-3)
        ordered = sorted(ps, key=lambda arm: ps[arm])
        holm, largest = {}, 0.0
        for rank, arm in enumerate(ordered):
            largest = max(largest, min(1.0, (len(ps) - rank) * ps[arm]))
            holm[arm] = largest
        assert {pair["arm"]: pair["corrected_p"] for pair in group["paired"]} == pytest.approx(holm)
    for row in found["over_tasks"]["50"]:
        differences = np.subtract(means[row["arm"]], means["ce"])
        assert row["mean"] == pytest.approx(differences.mean())
        assert row["wins"] == (differences > 0.01).sum()
        assert row["losses"] == (differences < -0.01).sum()
        assert row["interval"][0] < row["mean"] < row["interval"][1]
    ranks = np.mean([stats.rankdata([-means[a][t] for a in means]) for t in range(3)], axis=0)
    assert found["ranks"]["50"]["average"] == pytest.approx(dict(zip(means, ranks, strict=True)))


def _bootstrap_t(values: np.ndarray) -> list[float]:
    rng, n = np.random.default_rng(99), len(values)
    drawn = rng.choice(values, (60_000, n))
    ts = (drawn.mean(axis=1) - values.mean()) / (drawn.std(axis=1, ddof=1) / n**0.5)
    low, high = np.quantile(ts, [0.025, 0.975])
    error = values.std(ddof=1) / n**0.5
    return [values.mean() - high * error, values.mean() - low * error]


@pytest.mark.long
def test_two_thousand_cells_are_listed_summed_up_and_rendered(tmp_path: Path) -> None:
    values = made_up(tmp_path, tasks=10, shots=[20, 100], draws=10, arms=10)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    found = tune_dml.compare(values, results=str(tmp_path), run=False)
    seconds, grown = time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert len(found.results) == 2000
    assert (tmp_path / "comparisons" / "made-up" / "report.html").stat().st_size > 100_000
    assert seconds < 10, seconds
    assert grown < 500_000
