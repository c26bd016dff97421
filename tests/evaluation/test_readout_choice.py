"""The read-out of a configuration, and pooled out-of-fold predictions."""

from dataclasses import replace

import numpy as np
import pytest

from tune_dml.config import ConfirmRun, Round, State, TrialRecord
from tune_dml.data import SINGLE
from tune_dml.errors import ResultsError
from tune_dml.evaluation import (
    choose_readout,
    choose_temperature,
    confirm_scores,
    ensemble,
    ensemble_scores,
    pooled,
    readout_scores,
)
from tune_dml.training.scoring import score, summaries

LABELS = np.arange(100) % 2


def _with_errors(count, confidence=0.9):
    """Probabilities that are right but for the first ``count`` rows."""
    predicted = LABELS.copy()
    predicted[:count] = 1 - predicted[:count]
    return np.where(np.eye(2)[predicted] > 0, confidence, 1 - confidence).astype(np.float32)


def _record(readouts, folds=5):
    parts = np.array_split(np.random.default_rng(0).permutation(100), folds)
    rounds = tuple(
        Round(i + 1, rows, {k: p[rows] for k, p in readouts.items()}, score(SINGLE, p0[rows], LABELS[rows]), 0.0)
        for i, rows in enumerate(parts)
        for p0 in [next(iter(readouts.values()))]
    )
    return TrialRecord(0, "trial", "ce #0", State.COMPLETE, {}, rounds)


NEAREST = "centroid:euclidean"


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ({}, NEAREST),
        ({"head": 20}, NEAREST),
        # Five rows in 100 better are 2.3 standard errors.
        ({"head": 15}, NEAREST),
        ({"head": 12}, "head"),
        ({"knn": 12, "centroid": 8, "head": 25}, "centroid"),
        # Of each read-out the best setting is looked at.
        ({"knn": 19, "knn:k=1": 10, "knn:k=3": 10, "head": 12}, "knn:k=1"),
    ],
)
def test_another_readout_must_be_clearly_better(others, expected):
    errors = {"logistic": 20, NEAREST: 20, **others}
    record = _record({name: _with_errors(count) for name, count in errors.items()})
    assert choose_readout(record, LABELS, SINGLE, "accuracy") == expected
    assert choose_readout(record, LABELS, SINGLE, "macro_f1") == expected
    assert readout_scores(record, LABELS, SINGLE) == {name: 1 - count / 100 for name, count in errors.items()}


def test_logistic_regression_where_the_encoder_is_untouched_and_where_probabilities_count():
    record = _record({"logistic": _with_errors(20), NEAREST: _with_errors(18)})
    assert choose_readout(record, LABELS, SINGLE, "accuracy") == NEAREST
    assert choose_readout(record, LABELS, SINGLE, "log_loss") == "logistic"
    assert choose_readout(replace(record, params={"epochs": 0}), LABELS, SINGLE, "accuracy") == "logistic"
    # With many texts it is not among the read-outs.
    assert choose_readout(_record({"logistic": _with_errors(20)}), LABELS, SINGLE, "accuracy") == "logistic"
    clear = replace(_record({"logistic": _with_errors(20), NEAREST: _with_errors(5)}), params={"epochs": 0})
    assert choose_readout(clear, LABELS, SINGLE, "accuracy") == NEAREST


@pytest.mark.parametrize(("confidence", "expected"), [(0.8, 1.0), (0.95, 2.1), (0.6, 0.29), (0.999, 4.0)])
def test_the_temperature_makes_confidence_what_accuracy_is(confidence, expected):
    """80 of 100 are right: log(4) is the log odds that fit, whatever the read-out says."""
    record = _record({"logistic": _with_errors(20, confidence), "head": _with_errors(0)})
    temperature = choose_temperature(record, LABELS, SINGLE, "logistic")
    assert temperature == pytest.approx(expected, abs=0.01)
    assert temperature == pytest.approx(min(4.0, np.log(confidence / (1 - confidence)) / np.log(4)), rel=0.02)
    # Right everywhere: as sure as it may be.
    assert choose_temperature(record, LABELS, SINGLE, "head") == 0.25


def test_noisy_gain_is_not_enough():
    predicted = LABELS.copy()
    predicted[20:39] = 1 - predicted[20:39]  # 20 rows won, 19 lost
    other = np.where(np.eye(2)[predicted] > 0, 0.9, 0.1).astype(np.float32)
    assert (
        choose_readout(_record({"logistic": _with_errors(20), "head": other}), LABELS, SINGLE, "accuracy") == "logistic"
    )


def test_log_loss_compares_log_losses():
    record = _record({"logistic": _with_errors(10, confidence=0.6), "head": _with_errors(10, confidence=0.8)})
    assert choose_readout(record, LABELS, SINGLE, "accuracy") == "logistic"
    assert choose_readout(record, LABELS, SINGLE, "log_loss") == "head"


def test_a_readout_missing_from_a_round_or_not_finite_is_left_out():
    broken = _with_errors(0)
    broken[3] = np.nan
    record = _record({"logistic": _with_errors(20), "knn": broken, "head": _with_errors(0)})
    without = Round(
        1, record.rounds[0].rows, {"logistic": record.rounds[0].probabilities["logistic"]}, record.rounds[0].scores, 0.0
    )
    record = TrialRecord(0, "trial", "ce #0", State.COMPLETE, {}, (without, *record.rounds[1:]))
    assert choose_readout(record, LABELS, SINGLE, "accuracy") == "logistic"


def test_pooled_averages_repeats_and_sorts_rows():
    p = np.array([[0.2, 0.8], [0.6, 0.4]], dtype=np.float32)
    scores = score(SINGLE, p, [1, 0])
    record = TrialRecord(
        0,
        "trial",
        "ce #0",
        State.COMPLETE,
        {},
        (Round(2, np.array([3, 1]), {"head": p}, scores, 0.0), Round(1, np.array([1, 0]), {"head": p}, scores, 0.0)),
    )
    result = pooled(record, LABELS, "head")
    assert result.rows.tolist() == [0, 1, 3]
    assert result.labels.tolist() == [0, 1, 1]
    np.testing.assert_allclose(result.probabilities, [[0.6, 0.4], [0.4, 0.6], [0.2, 0.8]], atol=1e-6)
    assert pooled(record, LABELS, "head", latest=True).rows.tolist() == [1, 3]
    with pytest.raises(ResultsError, match="no stored out-of-fold predictions of the read-out 'knn'"):
        pooled(record, LABELS, "knn")


def test_confirm_scores_and_ensemble_leave_failed_seeds_out():
    runs = [
        ConfirmRun("ce #0", 2, {"logistic": _with_errors(20)}, 1.0),
        ConfirmRun("ce #0", 1, {}, 1.0, reason="nan"),
        ConfirmRun("ce #0", 0, {"logistic": _with_errors(10, confidence=0.7)}, 1.0),
        ConfirmRun("probe", 0, {"logistic": _with_errors(40)}, 1.0),
    ]
    scores = confirm_scores(runs, LABELS, SINGLE, {})
    assert [(s.seed, s.scores["accuracy"]) for s in scores["ce #0"]] == [(0, 0.9), (2, 0.8)]
    assert summaries(scores["ce #0"])["accuracy"].mean == pytest.approx(0.85)
    assert summaries(scores["probe"])["accuracy"].sd == 0.0
    assert ensemble(runs[:3], "logistic").dtype == np.float32
    np.testing.assert_allclose(ensemble(runs[:3], "logistic").sum(axis=1), 1.0, atol=1e-6)
    # In the rows where the two disagree the more confident one prevails.
    assert ensemble_scores(runs[:3], LABELS, SINGLE, "logistic")["accuracy"] == pytest.approx(0.8)
    with pytest.raises(ResultsError, match="no confirm run"):
        ensemble(runs[1:2], "logistic")
