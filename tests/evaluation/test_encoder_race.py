"""Which of several encoders trials are given to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tune_dml.config import Round, State, TrialRecord
from tune_dml.data import SINGLE
from tune_dml.evaluation import EncoderRace, winner
from tune_dml.training.scoring import score

TEXTS, ROUNDS = 50, 5
LABELS = np.arange(TEXTS) % 2


def trial(
    number: int,
    encoder: str,
    right: float,
    rounds: int = ROUNDS,
    seconds: float = 1.0,
    state: State = State.COMPLETE,
    others: int = 0,
) -> TrialRecord:
    """One that is right on this share of the texts of each round, the first ones or so many further on."""
    done = []
    for k in range(rounds):
        rows = np.arange(k * 10, k * 10 + 10)
        is_right = np.roll(np.arange(10) < round(10 * right), others)
        p = np.where(is_right, 0.9, 0.1)
        probabilities = np.where(LABELS[rows, None] == [0, 1], p[:, None], 1 - p[:, None]).astype(np.float32)
        scores = score(SINGLE, probabilities, LABELS[rows])
        done.append(Round(k + 1, rows, {SINGLE.target.readout: probabilities}, scores, seconds))
    params = {"loss": "ce", "encoder": encoder, "lr": float(number + 1)}
    given = number < 2
    return TrialRecord(number, "trial", f"ce #{number}", state, params, tuple(done), given=given)


def race(**parameters: int) -> EncoderRace:
    return EncoderRace(parameters or {"a": 10, "b": 40}, LABELS, SINGLE, "accuracy", ROUNDS, False)


def test_each_begins_in_its_turn() -> None:
    assert race().next([]) == "a"
    running = trial(0, "a", 0.5, 0, state=State.RUNNING)
    assert race().next([running]) == "b"
    assert race(b=1, a=1).next([running]) == "b"


def test_one_that_is_clearly_behind_is_out_after_two_rounds() -> None:
    records = [trial(0, "a", 0.4, 2, state=State.RUNNING), trial(1, "b", 1.0, 2, state=State.RUNNING)]
    assert not race().stays("a", records)
    assert race().stays("b", records)
    assert race().next(records) == "b"
    early = [trial(0, "a", 0.4, 1, state=State.RUNNING), trial(1, "b", 1.0, 2, state=State.RUNNING)]
    assert race().stays("a", early)


def test_rounds_that_one_has_not_done_do_not_count() -> None:
    """In its third round the other one would be clearly ahead."""
    ahead = trial(1, "b", 0.6)
    rounds = [ahead.rounds[0], ahead.rounds[1], *trial(1, "b", 1.0).rounds[2:]]
    records = [trial(0, "a", 0.6, 2), TrialRecord(1, "trial", "ce #1", State.COMPLETE, ahead.params, tuple(rounds))]
    assert race().stays("a", records)


def test_what_may_be_chance_stays_and_gets_as_much_time() -> None:
    records = [trial(0, "a", 0.7, seconds=1.0), trial(1, "b", 0.8, seconds=4.0, others=3)]
    found = race()
    given = []
    for number in range(2, 12):
        assert found.stays("a", records)
        assert found.stays("b", records)
        given.append(found.next(records))
        seconds = 1.0 if given[-1] == "a" else 4.0
        records.append(trial(number, given[-1], 0.6, seconds=seconds))
    assert given.count("a") == 8
    assert given.count("b") == 2


def test_running_trials_count_before_they_report() -> None:
    records = [trial(0, "a", 0.7, seconds=4.0), trial(1, "b", 0.7, seconds=4.5)]
    assert race().next(records) == "a"
    assert race().next([*records, trial(2, "a", 0.7, 0, state=State.RUNNING)]) == "b"


def test_one_that_fails_always_is_out_where_others_do_not() -> None:
    failed = trial(0, "a", 0.5, 0, state=State.FAIL)
    assert race().stays("a", [failed])
    both = [failed, trial(1, "b", 0.5)]
    assert not race().stays("a", both)
    assert race().next(both) == "b"
    # Nobody is left: the search goes on all the same.
    assert race().next([failed, trial(1, "b", 0.5, 0, state=State.FAIL)]) in ("a", "b")


def test_one_good_trial_is_enough_to_stay() -> None:
    """Though another one of its trials came further."""
    records = [trial(0, "a", 0.4, 3), trial(1, "b", 0.9), trial(2, "a", 1.0, 2, state=State.RUNNING)]
    assert race().stays("a", records)
    assert not race().stays("a", records[:2])


def test_a_lost_worker_says_nothing_of_an_encoder() -> None:
    lost = replace(trial(0, "a", 0.5, 0, state=State.FAIL), reason="worker")
    assert race().stays("a", [lost, trial(1, "b", 0.5)])


def test_more_trials_need_a_clearer_lead() -> None:
    behind, ahead = trial(0, "a", 0.8), trial(1, "b", 0.9)
    assert not EncoderRace({"a": 1, "b": 1}, LABELS, SINGLE, "accuracy", ROUNDS, False).stays("a", [behind, ahead])
    luckier = [trial(n, "b", 0.9) for n in range(1, 80)]
    assert race().stays("a", [behind, *luckier])


@pytest.mark.parametrize(("a", "b", "wins"), [(0.7, 0.8, "b"), (0.8, 0.7, "a")])
def test_the_best_winner_of_an_encoder_wins(a: float, b: float, wins: str) -> None:
    """The tie rule holds within an encoder: the first recipe of the one has no claim over the other's."""
    records = [trial(0, "a", a), trial(1, "b", b)]
    found = winner(records, LABELS, SINGLE, "accuracy", ROUNDS)
    assert found is not None
    assert found.encoder == wins
