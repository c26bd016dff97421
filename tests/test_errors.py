"""Messages quote from files of others, and stay plain and short."""

from __future__ import annotations

import pickle
import time

from tune_dml.errors import DataError, TrainingFailure, nearest


def test_control_characters_and_surrogates_are_shown_and_not_obeyed() -> None:
    assert str(DataError("a\x1b[2J\ud800\u202e b\né")) == "a\\x1b[2J\\ud800\\u202e b\né"


def test_long_lines_keep_their_beginning_and_their_end() -> None:
    message = str(DataError("begins " + "x" * 100_000 + " ends.\n" + "y" * 10))
    assert message.startswith("begins xxx")
    assert message.endswith("xxx ends.\n" + "y" * 10)
    assert len(message) < 1_100


def test_a_failure_travels_between_processes_unchanged() -> None:
    failure = pickle.loads(pickle.dumps(TrainingFailure("nan", "a\x1bb" + "x" * 2_000)))
    assert (failure.reason, str(failure)) == ("nan", str(TrainingFailure("nan", "a\x1bb" + "x" * 2_000)))


def test_guessing_what_was_meant_takes_no_time() -> None:
    start = time.process_time()
    assert nearest("epoch", ["epochs", "x" * 1_000_000]) == "did you mean 'epochs'?"
    nearest("ab" * 500_000, ["ba" * 500_000, *(f"column{i}" for i in range(100_000))])
    assert time.process_time() - start < 1.0
