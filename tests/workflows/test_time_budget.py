"""When the time budget stops trials: on time, but never before there is something to confirm."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tune_dml.config import Round, State, TrialRecord
from tune_dml.driver.budget import TimeBudget
from tune_dml.driver.preparation import prepare_new
from tune_dml.driver.prepared import Prepared
from tune_dml.driver.request import SearchRequest
from tune_dml.reporting.output import silent
from tune_dml.tuning.journal import Journal

BUDGET = 60.0
ROUND = Round(1, np.arange(5), {}, {"accuracy": 0.5, "macro_f1": 0.5, "log_loss": 0.7}, 1.0, {"steps": 8.0})
NEW = TrialRecord(0, "trial", "supcon #0", State.RUNNING, {})
SCORED = replace(NEW, rounds=(ROUND,))
FAILED = replace(NEW, state=State.FAIL, reason="nan")
BASELINE = TrialRecord(0, "baseline", "probe", State.COMPLETE, {}, (ROUND,))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    results: Path = tmp_path_factory.mktemp("budget")
    request = SearchRequest(task="bbc", shots=25, encoder="bert-tiny", time_budget=BUDGET, results=str(results))
    return prepare_new(request, silent())


@pytest.mark.parametrize(
    ("records", "seconds_ago", "spent"),
    [
        ([], 1000.0, False),
        ([NEW, BASELINE], 1000.0, False),
        ([SCORED], 1000.0, True),
        ([SCORED], 1.0, False),
        # What is left would not be enough for confirm.
        ([SCORED], BUDGET - 5.0, True),
        ([FAILED], BUDGET - 5.0, False),
        ([FAILED, BASELINE], 1000.0, True),
    ],
)
def test_trials_are_stopped(prepared: Prepared, records: list[TrialRecord], seconds_ago: float, spent: bool) -> None:
    budget = TimeBudget(prepared, time.monotonic() - seconds_ago, {r.name: r for r in records})
    assert budget.is_spent() is spent


def test_without_a_budget_nothing_is_stopped(prepared: Prepared) -> None:
    settings = replace(prepared.about.settings, time_budget=None)
    endless = replace(prepared, about=replace(prepared.about, settings=settings))
    budget = TimeBudget(endless, time.monotonic() - 1e6, {SCORED.name: SCORED})
    assert not budget.is_spent()
    assert budget.left() is None


@pytest.mark.slow
def test_time_budget_ends_in_a_confirmed_result(
    tmp_path: Path,
    tune_dml: Any,
    search_arguments: tuple[str, ...],
    space_file: Path,
    with_store: Callable[[Path], Path],
) -> None:
    where = ["--results", str(with_store(tmp_path / "results")), "--name", "brief", "--json"]
    arguments = [*search_arguments, "--space", str(space_file), "--trials", "5000", "--time-budget", "10s"]
    arguments += ["--concurrency", "1"]
    ended = tune_dml(*arguments, *where)
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert len(document["winner"]["test"]["accuracy"]["seeds"]) == 2
    # Of 5,000 trials that would take hours; most of this is what a busy machine may need to start twice.
    assert document["search"]["seconds"] < 300
    records = Journal(tmp_path / "results" / "searches" / "brief", write=False).records()
    assert State.RUNNING not in {r.state for r in records}
    assert any(r.reason == "time budget" for r in records)
