"""The bias-corrected estimate on predictions whose worth is known."""

import time

import numpy as np
import pytest

from tune_dml.config import Round, State, TrialRecord
from tune_dml.data import SINGLE
from tune_dml.errors import ResultsError
from tune_dml.evaluation import bias_corrected, winner
from tune_dml.training.scoring import score


def _trial(number, probabilities, labels, folds=5, repeats=1, state=State.COMPLETE, given=True, encoder=""):
    n = len(labels)
    rounds = []
    for repeat in range(repeats):
        order = np.random.default_rng(repeat).permutation(n)
        for rows in np.array_split(order, folds):
            p = probabilities[rows].astype(np.float32)
            rounds.append(Round(len(rounds) + 1, rows, {"logistic": p}, score(SINGLE, p, labels[rows]), 0.0))
    return TrialRecord(number, "trial", f"ce #{number}", state, {"encoder": encoder}, tuple(rounds), given=given)


def _noise(rng, n, classes=2):
    return rng.dirichlet(np.ones(classes), size=n)


def _informed(rng, labels, classes, correct):
    predicted = np.where(rng.random(len(labels)) < correct, labels, rng.integers(classes, size=len(labels)))
    return np.eye(classes)[predicted] * 0.8 + 0.2 / classes


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "log_loss"])
def test_noise_comes_out_near_chance_though_its_best_looks_good(metric):
    corrected, naive = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        labels = rng.permutation(np.arange(50) % 2)
        trials = [_trial(i, _noise(rng, 50), labels) for i in range(32)]
        estimate = bias_corrected(trials, labels, SINGLE, metric, resamples=300)
        corrected.append(estimate.scores["accuracy"])
        naive.append(max(np.mean([r.scores["accuracy"] for r in t.rounds]) for t in trials))
    assert np.mean(naive) > 0.60
    assert abs(np.mean(corrected) - 0.5) < 0.04


def test_a_single_trial_keeps_its_own_score():
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=200)
    probabilities = _informed(rng, labels, 3, 0.7)
    estimate = bias_corrected([_trial(0, probabilities, labels)], labels, SINGLE, "accuracy")
    own = score(SINGLE, probabilities, labels)
    assert estimate.scores["accuracy"] == pytest.approx(own["accuracy"], abs=0.01)
    assert estimate.scores["macro_f1"] == pytest.approx(own["macro_f1"], abs=0.02)
    assert estimate.scores["log_loss"] == pytest.approx(own["log_loss"], abs=0.01)
    low, high = estimate.intervals["accuracy"]
    assert low < own["accuracy"] < high


def test_a_clear_winner_is_found():
    rng = np.random.default_rng(1)
    labels = rng.integers(2, size=100)
    trials = [_trial(i, _noise(rng, 100), labels) for i in range(10)]
    good = _informed(rng, labels, 2, 0.9)
    estimate = bias_corrected([*trials, _trial(10, good, labels)], labels, SINGLE, "accuracy")
    assert estimate.scores["accuracy"] == pytest.approx(score(SINGLE, good, labels)["accuracy"], abs=0.02)


@pytest.mark.parametrize("metric", ["accuracy", "log_loss"])
@pytest.mark.parametrize("encoders", [("", "", ""), ("a", "b", "a")])
@pytest.mark.parametrize("given", [(True, True, True), (False, False, False), (True, False, False)])
def test_resamples_pick_as_the_search_does(metric, given, encoders):
    labels = np.zeros(100, dtype=np.int64)
    probabilities = []
    # Of these three the second leads the first by chance, and the third is clearly worse.
    for wrong in (range(30), range(20, 48), range(60)):
        right = np.where(np.isin(np.arange(100), wrong), 0.2, 0.9)
        probabilities.append(np.stack([right, 1 - right], axis=1))
    trials = [
        _trial(number, p, labels, given=given[number], encoder=encoders[number])
        for number, p in enumerate(probabilities)
    ]
    estimate = bias_corrected(trials, labels, SINGLE, metric, resamples=600)
    expected = []
    for seed in range(600):
        bag = np.random.default_rng(seed).integers(100, size=100)
        left_out = np.setdiff1d(np.arange(100), bag)
        resampled = [
            _trial(number, p[bag], labels, folds=1, given=given[number], encoder=encoders[number])
            for number, p in enumerate(probabilities)
        ]
        picked = winner(resampled, labels, SINGLE, metric).number
        expected.append((probabilities[picked][left_out, 0] > 0.5).mean())
    assert estimate.scores["accuracy"] == pytest.approx(np.mean(expected), abs=0.008)


def test_same_seed_same_result_and_repeats_do_not_narrow_the_interval():
    rng = np.random.default_rng(2)
    labels = rng.integers(2, size=60)
    probabilities = _informed(rng, labels, 2, 0.6)
    once = bias_corrected([_trial(0, probabilities, labels)], labels, SINGLE, "accuracy")
    assert once == bias_corrected([_trial(0, probabilities, labels)], labels, SINGLE, "accuracy")
    twice = bias_corrected([_trial(0, probabilities, labels, repeats=4)], labels, SINGLE, "accuracy")
    width = [high - low for low, high in (once.intervals["accuracy"], twice.intervals["accuracy"])]
    assert width[1] == pytest.approx(width[0], rel=0.2)
    assert (once.rows, twice.rows) == (60, 60)


def test_groups_are_resampled_together():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(20), 10)
    labels = np.repeat(rng.integers(2, size=20), 10)
    probabilities = np.repeat(_informed(rng, labels[::10], 2, 0.5), 10, axis=0)
    trial = _trial(0, probabilities, labels)
    narrow = bias_corrected([trial], labels, SINGLE, "accuracy").intervals["accuracy"]
    wide = bias_corrected([trial], labels, SINGLE, "accuracy", groups=groups).intervals["accuracy"]
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])


@pytest.mark.parametrize("n", [2, 3, 5])
def test_a_handful_of_rows(n):
    labels = np.arange(n) % 2
    trials = [_trial(i, _noise(np.random.default_rng(i), n), labels, folds=2) for i in range(3)]
    estimate = bias_corrected(trials, labels, SINGLE, "accuracy", resamples=100)
    assert 0 <= estimate.scores["accuracy"] <= 1
    assert np.isfinite(estimate.scores["log_loss"])
    assert 0 < estimate.resamples <= 100


def test_nothing_to_correct():
    labels = np.array([0, 1])
    pruned = _trial(0, np.eye(2), labels, folds=1, state=State.PRUNED)
    assert bias_corrected([pruned], labels, SINGLE, "accuracy") is None
    assert bias_corrected([_trial(0, np.eye(2)[:1], labels[:1], folds=1)], labels[:1], SINGLE, "accuracy") is None


def test_trials_scored_on_other_rows_are_refused():
    labels = np.arange(10) % 2
    a, b = (_trial(i, np.eye(2)[labels], labels[:n], folds=1) for i, n in ((0, 10), (1, 8)))
    with pytest.raises(ResultsError, match="same rows"):
        bias_corrected([a, b], labels, SINGLE, "accuracy")


def test_is_quick():
    rng = np.random.default_rng(4)
    labels = rng.integers(5, size=1000)
    trials = [_trial(i, _noise(rng, 1000, 5), labels) for i in range(16)]
    start = time.process_time()
    bias_corrected(trials, labels, SINGLE, "accuracy")
    assert time.process_time() - start < 3.0
