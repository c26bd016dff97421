"""What is shown while trials run: a table in a terminal, lines in a pipe."""

from __future__ import annotations

import io
import time
from typing import Any

import numpy as np
from rich.console import Console

from tune_dml.config import Round, State, TrialRecord
from tune_dml.reporting.output import Output, Progress


def record(number: int, state: State, scores: list[float], **more: Any) -> TrialRecord:
    rounds = tuple(Round(k, np.arange(2), {}, {"accuracy": score}, 1.0) for k, score in enumerate(scores, start=1))
    return TrialRecord(number, "trial", f"ce #{number}", state, {}, rounds, **more)


def output(terminal: bool, verbose: bool = False) -> tuple[Output, io.StringIO]:
    console = Console(file=(stream := io.StringIO()), force_terminal=terminal, width=100, color_system=None)
    return Output(console, verbose=verbose), stream


def test_a_terminal_has_a_table() -> None:
    out, stream = output(terminal=True)
    progress = Progress(out, trials=4, rounds=5, time_left=lambda: 190.0)
    with progress.showing():
        progress.changed(record(0, State.COMPLETE, [0.5, 0.7]))
        progress.changed(record(1, State.COMPLETE, [0.5, 0.6]))
        progress.changed(record(2, State.RUNNING, [0.4]))
        progress.tick()
        # It is drawn twice a second.
        time.sleep(0.7)
        shown = stream.getvalue()
        progress.phase = "confirm: 1 of 5 runs done"
        progress.tick()
        time.sleep(0.7)
    assert "2 of 6 done · 0 stopped early · 0 failed · 3 min left" in shown
    assert "accuracy so far" in shown
    assert "best: ce #0" in shown
    assert "0.600" in shown
    assert "ce #2" in shown
    assert "1/5" in shown
    assert "confirm: 1 of 5 runs done" in stream.getvalue()


def test_a_pipe_has_a_line_for_each_end() -> None:
    out, stream = output(terminal=False, verbose=True)
    progress = Progress(out, trials=3, rounds=5)
    with progress.showing():
        # Each is said once.
        for _ in range(2):
            progress.changed(record(0, State.RUNNING, [0.5]))
        for _ in range(2):
            progress.changed(record(0, State.COMPLETE, [0.5, 0.7]))
        progress.changed(record(1, State.PRUNED, [0.5], reason="asha"))
        progress.changed(record(2, State.FAIL, [], reason="nan", message="the loss is not finite"))
    assert stream.getvalue().splitlines() == [
        "  ce #0: round 1 of 5, accuracy 0.500",
        "[1/5] ce #0: all 2 rounds, accuracy 0.600",
        "[2/5] ce #1: stopped after round 1 (asha), accuracy 0.500",
        "[3/5] ce #2: failed: nan (the loss is not finite)",
    ]
