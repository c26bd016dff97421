"""Ranking, the winner and the runners-up."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss

from tune_dml.config import Round, State, TrialRecord
from tune_dml.data import SINGLE
from tune_dml.errors import ResultsError, TrainingFailure, UsageError
from tune_dml.evaluation import best_of_loss, first_recipe, leader, runners_up, winner
from tune_dml.training.scoring import mean_objective, mean_scores, objective, rank, score, summarise


def _record(number, accuracies, state=State.COMPLETE, loss="supcon", kind="trial", log_losses=None, **params):
    log_losses = log_losses or [0.5] * len(accuracies)
    rounds = tuple(
        Round(i + 1, np.arange(2), {}, {"accuracy": a, "macro_f1": a, "log_loss": log_losses[i]}, 1.0)
        for i, a in enumerate(accuracies)
    )
    return TrialRecord(number, kind, f"{loss} #{number}", state, {"loss": loss, "lr": number, **params}, rounds)


def _numbers(records):
    return [r.number for r in records]


@pytest.mark.parametrize("classes", [2, 5])
def test_score_agrees_with_scikit_learn_over_the_full_label_set(classes):
    rng = np.random.default_rng(classes)
    probabilities = rng.dirichlet(np.ones(classes), size=40)
    labels = rng.integers(classes - 1, size=40)  # the last class never occurs
    found = score(SINGLE, probabilities, labels)
    predicted = probabilities.argmax(axis=1)
    every = range(classes)
    assert found["accuracy"] == pytest.approx(accuracy_score(labels, predicted))
    assert found["macro_f1"] == pytest.approx(
        f1_score(labels, predicted, labels=every, average="macro", zero_division=0)
    )
    assert found["log_loss"] == pytest.approx(log_loss(labels, probabilities, labels=every))


def test_score_clips_a_confident_mistake_and_refuses_nan():
    assert score(SINGLE, [[1.0, 0.0]], [1])["log_loss"] == pytest.approx(-np.log(1e-7))
    assert score(SINGLE, [[1.0, 0.0]], [0])["log_loss"] == 0.0
    with pytest.raises(TrainingFailure) as failure:
        score(SINGLE, [[np.nan, 0.0]], [0])
    assert failure.value.reason == "nan"


@pytest.mark.parametrize(
    ("metric", "value"),
    [("accuracy", 0.8 - 1e-4 * 0.5), ("macro_f1", 0.7 - 1e-4 * 0.5), ("log_loss", -0.5)],
)
def test_objective(metric, value):
    assert objective({"accuracy": 0.8, "macro_f1": 0.7, "log_loss": 0.5}, metric) == pytest.approx(value)


def test_objective_of_an_unknown_metric_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'accuracy'"):
        objective({"accuracy": 1, "macro_f1": 1, "log_loss": 0}, "acuracy")


def test_mean_and_latest_round():
    record = _record(0, [0.5, 0.9], log_losses=[1.0, 0.0])
    assert mean_objective(record.rounds, "accuracy") == pytest.approx(0.7 - 0.5e-4)
    assert mean_objective(record.rounds, "accuracy", latest=True) == pytest.approx(0.9)
    assert mean_scores(record.rounds)["accuracy"] == pytest.approx(0.7)
    assert mean_scores(record.rounds, latest=True)["accuracy"] == pytest.approx(0.9)
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


def test_leader_is_never_a_baseline_nor_a_trial_that_lacks_rounds():
    records = [
        _record(0, [0.99, 0.99], kind="baseline"),
        _record(1, [0.95]),
        _record(2, [0.6, 0.6]),
        _record(3, [0.9, 0.9], State.PRUNED),
    ]
    assert leader(records, "accuracy", rounds_needed=2).number == 2
    assert leader(records[:1], "accuracy") is None


def _predicting(number, wrong, confidence=0.9, **options):
    """A finished trial over 50 texts of class 0 that gets those at positions ``wrong`` wrong."""
    predicted = np.zeros(50, dtype=int)
    predicted[list(wrong)] = 1
    probabilities = np.where(np.eye(2)[predicted] > 0, confidence, 1 - confidence)
    rounds = tuple(
        Round(i + 1, rows, {"logistic": probabilities[rows]}, score(SINGLE, probabilities[rows], _ZEROS[rows]), 1.0)
        for i, rows in enumerate(np.split(np.arange(50), 5))
    )
    loss = options.get("loss", "supcon")
    return TrialRecord(
        number,
        options.get("kind", "trial"),
        f"{loss} #{number}",
        State.COMPLETE,
        {"loss": loss},
        rounds,
        given=options.get("given", True),
    )


_ZEROS = np.zeros(50, dtype=int)


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        # By number of trial: which texts it gets wrong.
        ([range(10), range(10)], 0),
        # One text better is exactly one standard error, two are 1.4 of them.
        ([range(10), range(9)], 0),
        ([range(10), range(8)], 1),
        # Two texts better, but ten others differ: chance.
        ([range(6, 12), range(4)], 0),
        # The leader is the last; the first that is as good by the rule comes before it, whatever its own rank.
        ([range(20), range(10), range(11, 20)], 1),
        # An earlier leader stays: a later trial has to be better, not as good.
        ([range(5), range(5, 10)], 0),
        ([range(5), range(12), range(4)], 0),
    ],
)
def test_the_winner_is_the_earliest_that_the_leader_does_not_clearly_beat(errors, expected):
    trials = [_predicting(number, wrong) for number, wrong in enumerate(errors)]
    assert winner(trials, _ZEROS, SINGLE, "accuracy").number == expected
    assert winner(trials[::-1], _ZEROS, SINGLE, "accuracy").number == expected


def test_between_proposals_of_the_sampler_the_leader_wins():
    errors = [range(10), range(9), range(8)]
    trials = [_predicting(number, wrong, given=False) for number, wrong in enumerate(errors)]
    assert winner(trials, _ZEROS, SINGLE, "accuracy").number == 2
    # The first tie with the space's own counts, whatever the sampler proposed before it.
    trials = [_predicting(number, wrong, given=number == 1) for number, wrong in enumerate(errors)]
    assert winner(trials, _ZEROS, SINGLE, "accuracy").number == 1


@pytest.mark.parametrize("stopped", [False, True])
@pytest.mark.parametrize(("others", "expected"), [(0, 19), (18, 0)])
def test_the_more_trials_the_further_ahead_the_leader_has_to_be(others, expected, stopped):
    # Two texts better: 1.4 standard errors. The best of 20 equal trials leads by 1.9.
    worse = [_predicting(1 + k, range(20), given=False) for k in range(others)]
    if stopped:
        worse = [replace(trial, rounds=trial.rounds[:2], state=State.PRUNED) for trial in worse]
    trials = [_predicting(0, range(10)), *worse, _predicting(19, range(8), given=False)]
    assert winner(trials, _ZEROS, SINGLE, "accuracy", rounds_needed=5).number == expected


def test_the_winner_by_log_loss_goes_by_differences_of_log_losses():
    sharp, blunt = _predicting(1, [], confidence=0.99), _predicting(0, [], confidence=0.9)
    assert winner([blunt, sharp], _ZEROS, SINGLE, "log_loss").number == 1
    assert winner([blunt, sharp], _ZEROS, SINGLE, "accuracy").number == 0


def test_the_winner_by_macro_f1_need_not_be_the_most_accurate():
    # 45 texts of class 0 and 5 of class 1. The first trial knows class 0 only, the second gets 8 of class 0 wrong.
    labels = np.repeat([0, 1], [45, 5])
    trials = []
    for number, predicted in enumerate([np.zeros(50, int), np.where(np.arange(50) < 8, 1, labels)]):
        probabilities = np.where(np.eye(2)[predicted] > 0, 0.9, 0.1)
        rounds = (Round(1, np.arange(50), {"logistic": probabilities}, score(SINGLE, probabilities, labels), 1.0),)
        trials.append(TrialRecord(number, "trial", f"ce #{number}", State.COMPLETE, {}, rounds, given=True))
    assert winner(trials, labels, SINGLE, "accuracy").number == 0
    assert winner(trials, labels, SINGLE, "macro_f1").number == 1


def test_winner_without_finished_trials_and_with_baselines():
    assert winner([], _ZEROS, SINGLE, "accuracy") is None
    assert winner([_predicting(0, [], kind="baseline")], _ZEROS, SINGLE, "accuracy") is None
    with pytest.raises(ResultsError, match="out-of-fold"):
        winner([_record(0, [0.9])], _ZEROS, SINGLE, "accuracy")


def test_runners_up_have_other_configurations():
    records = [
        _record(0, [0.9], lr=1, readout="knn"),
        _record(1, [0.8], lr=1),
        _record(2, [0.7], lr=2),
        _record(3, [0.6], lr=2),
        _record(4, [0.5], lr=3),
        _record(5, [0.4], lr=4),
    ]
    assert _numbers(runners_up(records, records[0], 2, "accuracy")) == [2, 4]
    assert _numbers(runners_up(records, records[4], 2, "accuracy")) == [0, 2]
    assert runners_up(records[:2], records[0], 2, "accuracy") == []


def test_best_of_loss():
    records = [
        _predicting(0, []),
        _predicting(1, range(20), loss="ce"),
        _predicting(2, range(10), loss="ce"),
    ]
    assert best_of_loss(records, _ZEROS, SINGLE, "ce", "accuracy").number == 2
    assert best_of_loss(records, _ZEROS, SINGLE, "triplet", "accuracy") is None


@pytest.mark.parametrize(("values", "mean", "sd"), [([0.5], 0.5, 0.0), ([0.4, 0.6], 0.5, 0.1414213562)])
def test_summarise(values, mean, sd):
    summary = summarise(values)
    assert (summary.mean, summary.sd) == (pytest.approx(mean), pytest.approx(sd))
    assert summary.values == tuple(values)


def test_the_first_recipe_is_what_the_space_begins_with():
    proposed, second = _record(3, [0.9]), replace(_record(2, [0.5]), given=True)
    first = replace(_record(0, [0.5], state=State.PRUNED), given=True)
    assert first_recipe([proposed, second, first]) is first
    assert first_recipe([proposed, replace(first, kind="baseline")]) is None
    # Another one would stand for something else.
    assert first_recipe([second, replace(first, state=State.FAIL)]) is None
    assert first_recipe([second, replace(first, rounds=())]) is None
