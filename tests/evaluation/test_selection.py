"""Ranking, the winner and the runners-up."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss

from tune_dml.config import Round, Scores, State, TrialRecord
from tune_dml.errors import TrainingFailure, UsageError
from tune_dml.evaluation import best_of_loss, runners_up, winner
from tune_dml.training.scoring import mean_objective, mean_scores, objective, rank, score, summarise


def _record(number, accuracies, state=State.COMPLETE, loss="supcon", kind="trial", log_losses=None, **params):
    log_losses = log_losses or [0.5] * len(accuracies)
    rounds = tuple(Round(i + 1, np.arange(2), {}, Scores(a, a, log_losses[i]), 1.0) for i, a in enumerate(accuracies))
    return TrialRecord(number, kind, f"{loss} #{number}", state, {"loss": loss, "lr": number, **params}, rounds)


def _numbers(records):
    return [r.number for r in records]


@pytest.mark.parametrize("classes", [2, 5])
def test_score_agrees_with_scikit_learn_over_the_full_label_set(classes):
    rng = np.random.default_rng(classes)
    probabilities = rng.dirichlet(np.ones(classes), size=40)
    labels = rng.integers(classes - 1, size=40)  # the last class never occurs
    found = score(probabilities, labels)
    predicted = probabilities.argmax(axis=1)
    every = range(classes)
    assert found.accuracy == pytest.approx(accuracy_score(labels, predicted))
    assert found.macro_f1 == pytest.approx(f1_score(labels, predicted, labels=every, average="macro", zero_division=0))
    assert found.log_loss == pytest.approx(log_loss(labels, probabilities, labels=every))


def test_score_clips_a_confident_mistake_and_refuses_nan():
    assert score([[1.0, 0.0]], [1]).log_loss == pytest.approx(-np.log(1e-7))
    assert score([[1.0, 0.0]], [0]).log_loss == 0.0
    with pytest.raises(TrainingFailure) as failure:
        score([[np.nan, 0.0]], [0])
    assert failure.value.reason == "nan"


@pytest.mark.parametrize(
    ("metric", "value"),
    [("accuracy", 0.8 - 1e-4 * 0.5), ("macro_f1", 0.7 - 1e-4 * 0.5), ("log_loss", -0.5)],
)
def test_objective(metric, value):
    assert objective(Scores(0.8, 0.7, 0.5), metric) == pytest.approx(value)


def test_objective_of_an_unknown_metric_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'accuracy'"):
        objective(Scores(1, 1, 0), "acuracy")


def test_mean_and_latest_round():
    record = _record(0, [0.5, 0.9], log_losses=[1.0, 0.0])
    assert mean_objective(record.rounds, "accuracy") == pytest.approx(0.7 - 0.5e-4)
    assert mean_objective(record.rounds, "accuracy", latest=True) == pytest.approx(0.9)
    assert mean_scores(record.rounds).accuracy == pytest.approx(0.7)
    assert mean_scores(record.rounds, latest=True).accuracy == pytest.approx(0.9)
    assert mean_scores([]) is None
    assert mean_objective([], "accuracy") == -np.inf


def test_complete_before_pruned_before_failed():
    records = [
        _record(0, [0.99], State.FAIL),
        _record(1, [0.95], State.PRUNED),
        _record(2, [0.80, 0.80], State.PRUNED),
        _record(3, [0.5, 0.5, 0.5]),
        _record(4, [0.6, 0.6, 0.6]),
        _record(5, [0.97], State.RUNNING),
    ]
    assert _numbers(rank(records, "accuracy", rounds_needed=3)) == [4, 3, 2, 1, 5, 0]


def test_ties_go_to_the_log_loss_then_to_the_smaller_number():
    records = [
        _record(9, [0.8], log_losses=[0.4]),
        _record(3, [0.8], log_losses=[0.4]),
        _record(1, [0.8], log_losses=[0.6]),
    ]
    assert _numbers(rank(records, "accuracy")) == [3, 9, 1]
    assert _numbers(rank(reversed(records), "accuracy")) == [3, 9, 1]


def test_winner_is_never_a_baseline_nor_a_trial_that_lacks_rounds():
    records = [
        _record(0, [0.99, 0.99], kind="baseline"),
        _record(1, [0.95]),
        _record(2, [0.6, 0.6]),
        _record(3, [0.9, 0.9], State.PRUNED),
    ]
    assert winner(records, "accuracy", rounds_needed=2).number == 2
    assert winner(records[:1], "accuracy") is None


def test_runners_up_have_other_configurations():
    records = [
        _record(0, [0.9], lr=1, readout="knn"),
        _record(1, [0.8], lr=1),
        _record(2, [0.7], lr=2),
        _record(3, [0.6], lr=2),
        _record(4, [0.5], lr=3),
        _record(5, [0.4], lr=4),
    ]
    assert _numbers(runners_up(records, 2, "accuracy")) == [2, 4]
    assert runners_up(records[:2], 2, "accuracy") == []


def test_best_of_loss():
    records = [_record(0, [0.9]), _record(1, [0.5], loss="ce"), _record(2, [0.6], loss="ce")]
    assert best_of_loss(records, "ce", "accuracy").number == 2
    assert best_of_loss(records, "triplet", "accuracy") is None


@pytest.mark.parametrize(("values", "mean", "sd"), [([0.5], 0.5, 0.0), ([0.4, 0.6], 0.5, 0.1414213562)])
def test_summarise(values, mean, sd):
    summary = summarise(values)
    assert (summary.mean, summary.sd) == (pytest.approx(mean), pytest.approx(sd))
    assert summary.values == tuple(values)
