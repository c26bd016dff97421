"""Several workers on one trial's rounds: each round runs once, and they are reported in order."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from proposals_of_ce import only_ce

from tune_dml.config import DrawSettings, Round, SearchSettings, State, TaskSettings
from tune_dml.execution import ray_session, share
from tune_dml.tuning import side_by_side
from tune_dml.tuning.jobs import Work
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.loop import Ended, Watch, run_trials
from tune_dml.tuning.sampler import make_sampler
from tune_dml.tuning.side_by_side import RoundBoard, help_with, in_order

ROUNDS = (1, 2, 3, 4, 5)


@pytest.fixture(scope="module", autouse=True)
def ray() -> Iterator[None]:
    with ray_session(None, cpus=2, gpus=0):
        yield


def _round(number: int) -> Round:
    p = {"logistic": np.full((2, 2), number / 10, dtype=np.float32)}
    return Round(number, np.arange(2), p, {"accuracy": 0.5, "macro_f1": 0.5, "log_loss": 0.7}, 0.1, {"steps": 1.0})


def test_two_workers_share_a_trial_and_every_round_runs_once() -> None:
    ran: Counter[int] = Counter()

    def run(number: int) -> Round:
        ran[number] += 1
        time.sleep(0.2)
        return _round(number)

    helper = threading.Thread(target=help_with, args=(RoundBoard("shared", "h"), run, ROUNDS))
    helper.start()
    begun = time.monotonic()
    rounds = list(in_order(RoundBoard("shared", "trial"), run, ROUNDS))
    seconds = time.monotonic() - begun
    helper.join()
    assert [item.number for item in rounds] == list(ROUNDS)
    assert [float(item.probabilities["logistic"][0, 0]) for item in rounds] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert set(ran.values()) == {1}
    assert seconds < 0.2 * len(ROUNDS)


def test_a_round_that_fails_with_the_helper_fails_where_it_is_reported() -> None:
    def run(number: int) -> Round:
        if number == 2:
            raise ValueError("no")
        return _round(number)

    RoundBoard("failing", "trial").take(1)
    help_with(RoundBoard("failing", "h"), run, ROUNDS)
    rounds = in_order(RoundBoard("failing", "trial"), run, ROUNDS)
    assert next(rounds).number == 1
    with pytest.raises(ValueError, match="no"):
        next(rounds)


def test_a_helper_that_is_gone_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "_PATIENCE_SECONDS", 0.2)
    assert RoundBoard("lost", "h").take(1)
    assert [item.number for item in in_order(RoundBoard("lost", "trial"), _round, ROUNDS)] == list(ROUNDS)


def test_nobody_helps_a_trial_that_has_ended() -> None:
    board = RoundBoard("ended", "h")
    RoundBoard("ended").close()
    help_with(board, _round, ROUNDS)
    assert board.get(1) is None


def test_a_worker_that_starts_again_owns_what_it_had_taken() -> None:
    assert RoundBoard("again", "trial").take(1)
    assert RoundBoard("again", "trial").take(1)
    assert not RoundBoard("again", "h").take(1)


def test_idle_slots_run_rounds_of_a_running_trial(tmp_path: Path) -> None:
    settings = SearchSettings("side", TaskSettings("none"), DrawSettings(), "none", "ce", trials=1, concurrency=2)
    journal = Journal(tmp_path, make_sampler(settings, 0))
    watch = Watch(lambda: False, lambda: False, lambda record: None, lambda: None)
    how = run_trials(
        journal, settings, only_ce(journal), _work(), tmp_path / "ray", watch, rounds=5, latest=False
    )  # fmt: skip
    assert how == Ended.FINISHED
    [record] = journal.records()
    assert record.state == State.COMPLETE
    assert [item.number for item in record.rounds] == list(ROUNDS)
    assert len({item.diagnostics["process"] for item in record.rounds}) == 2
    journal.close()


def _work() -> Work:
    """Functions that travel by value: workers cannot import this file."""

    def run(number: int) -> Any:
        import os
        import time

        import numpy as np

        from tune_dml.config import Round

        time.sleep(1.0)
        p = {"logistic": np.full((2, 2), 0.5, dtype=np.float32)}
        return Round(
            number,
            np.arange(2),
            p,
            {"accuracy": 0.5, "macro_f1": 0.5, "log_loss": 0.7},
            1.0,
            {"process": float(os.getpid())},
        )

    def trial(config: dict[str, Any], metric: str, text: str) -> None:
        import json

        from ray import tune

        from tune_dml.config.encoding import round_to_json
        from tune_dml.tuning.side_by_side import RoundBoard, in_order

        for item in in_order(RoundBoard(config["board"], "trial"), run, range(1, 6)):
            tune.report({"round": item.number, "score": 0.5, "payload": json.dumps(round_to_json(item))})

    def helper(config: dict[str, Any], text: str) -> None:
        from tune_dml.tuning.side_by_side import RoundBoard, help_with

        help_with(RoundBoard(config["board"], config["helper"]), run, config["rounds"])

    return Work({"": (share("ab"),)}, trial, helper=helper)
