"""A search with two baselines, a winner, a second trial, a stopped and a failed one."""

from dataclasses import replace

import numpy as np
import pytest

from tune_dml.config import (
    ConfirmRun,
    DrawSettings,
    Round,
    SearchSettings,
    State,
    TaskSettings,
    TrialRecord,
)
from tune_dml.data import SINGLE
from tune_dml.reporting import SearchReport
from tune_dml.training.scoring import CorrectedEstimate, SeedScore, score

LABELS = np.arange(10) % 2


def make_record(number, name, accuracy, *, state=State.COMPLETE, kind="trial", rounds=2, reason=None, **params):
    """Rounds whose predictions are random but whose scores are as given."""
    rng = np.random.default_rng(number)
    done = []
    for i in range(rounds):
        p = rng.dirichlet(np.ones(2), size=5).astype(np.float32)
        scores = {"accuracy": accuracy, "macro_f1": accuracy - 0.05, "log_loss": 0.5 + number / 100}
        done.append(Round(i + 1, np.arange(5) + 5 * i, {"logistic": p, "head": p[:, ::-1]}, scores, 1.5))
    values = {"loss": name.split(" ")[0], "readout": "logistic", "lr": 1e-4 * (number + 1), **params}
    return TrialRecord(number, kind, name, state, values, tuple(done), reason)


def make_seeds(*accuracies):
    return [SeedScore(i, {"accuracy": a, "macro_f1": a - 0.1, "log_loss": 0.4}) for i, a in enumerate(accuracies)]


@pytest.fixture
def report():
    winner = make_record(2, "supcon #2", 0.8, **{"supcon/temperature": 0.1})
    records = (
        make_record(0, "ce #0", 0.6, dropout=None),
        make_record(1, "triplet #1", 0.9, state=State.PRUNED, rounds=1),
        winner,
        make_record(3, "softtriple #3", 0.5, state=State.FAIL, rounds=0, reason="nan"),
        make_record(0, "probe", 0.7, kind="baseline"),
        make_record(1, "reference_ce", 0.55, kind="baseline"),
    )
    settings = SearchSettings(
        name="trec-50-quiet-fox",
        task=TaskSettings("TREC"),
        draw=DrawSettings(shots=10),
        encoder="all-MiniLM-L6-v2",
        space="default",
        trials=4,
        results="tune-dml-results",
    )
    return SearchReport(
        settings=settings,
        kind=SINGLE,
        shots=10,
        per_class={"yes": 5, "no": 5},
        protocol="Selected by 5-fold cross validation inside the shots.",
        records=records,
        rounds=2,
        winner=winner,
        readouts={"supcon #2": "centroid"},
        lost_workers={"node": 1, "worker": 1},
        readout_scores={"logistic": 0.8, "knn": 0.7, "knn:k=1": 0.75, "centroid": 0.9, "centroid:euclidean": 0.95},
        corrected=CorrectedEstimate(
            "accuracy",
            {"accuracy": 0.74, "macro_f1": 0.71, "log_loss": 0.6},
            {"accuracy": (0.55, 0.92), "macro_f1": (0.5, 0.9), "log_loss": (0.3, 0.9)},
            2,
            10,
            1000,
        ),
        confirmed={"supcon #2": make_seeds(0.7, 0.8), "probe": make_seeds(0.66), "ce #0": make_seeds(0.95, 0.97)},
        notes=("3 empty texts were dropped.",),
        source="a file",
        folder="/results/searches/trec-50-quiet-fox",
        model="/results/searches/trec-50-quiet-fox/model",
        best="/results/searches/trec-50-quiet-fox/best.yaml",
        report="/results/searches/trec-50-quiet-fox/report.html",
        tracking_uri="sqlite:////results/mlflow.db",
        seconds=12.5,
    )


@pytest.fixture
def without_baselines(report):
    return replace(report, records=tuple(r for r in report.records if r.name != "probe"))


@pytest.fixture
def confirm_runs():
    p = np.tile(np.array([[0.4, 0.6]], dtype=np.float32), (4, 1))
    assert score(SINGLE, p, [1, 1, 1, 1])["accuracy"] == 1.0
    return [
        ConfirmRun("supcon #2", 0, {"logistic": p, "centroid": p}, 1.0),
        ConfirmRun("supcon #2", 1, {}, 1.0, reason="nan"),
        ConfirmRun("probe", 0, {"logistic": p}, 1.0),
    ]
