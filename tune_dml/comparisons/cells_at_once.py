"""Cells side by side: processes that run the same comparison, each the cells that no other has."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tune_dml.comparisons.cell_results import ComparisonFolder
from tune_dml.comparisons.comparison import Cell, Comparison
from tune_dml.comparisons.running import Run, minutes_left
from tune_dml.errors import EnvironmentFault
from tune_dml.execution import ending_like_ctrl_c
from tune_dml.reporting.output import Output

#: Seconds between two looks at what there is, and those that a process may take to end in good order.
_LOOK, _PATIENCE = 1.0, 60.0


def run_side_by_side(
    comparison: Comparison, folder: ComparisonFolder, command: Sequence[str], processes: int, out: Output
) -> Run:
    """Run every cell that has no result yet, as :func:`tune_dml.comparisons.running.run_cells` does.

    Args:
        command: Runs the comparison; it ends when its standard input does, as it does when this process is killed.

    Raises:
        EnvironmentFault: a process ended with an error; what it said was shown.
    """
    cells = list(comparison.cells())
    missing = [cell for cell in cells if not folder.has_score(cell)]
    state, begun = Run(len(cells), len(cells) - len(missing)), time.monotonic()
    with ending_like_ctrl_c(), _started(command, min(processes, len(missing)), state, out) as running:
        try:
            while any(process.poll() is None for process in running):
                time.sleep(_LOOK)
                missing = _told(missing, folder, state, begun, out)
        except KeyboardInterrupt:
            state.interrupted = True
            out.warn("stopping; press Ctrl-C again to stop at once.")
            _stop(running)
    missing = _told(missing, folder, state, begun, out)
    without = sum(folder.result_of(cell) is not None for cell in missing)
    state.done += without
    state.failed = 0 if state.interrupted else len(missing) - without
    codes = [process.returncode for process in running if process.returncode]
    if codes and state.failed:
        raise EnvironmentFault(
            f"{len(codes)} of {len(running)} processes ended with an error; the same command goes on."
        )
    return state


def end_with_standard_input() -> None:
    """Once it ends, as it does with the process that holds its other end, this process gets a Ctrl-C."""
    # Shells let what they start in the background ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def watch() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=watch, daemon=True).start()


def _told(missing: list[Cell], folder: ComparisonFolder, state: Run, begun: float, out: Output) -> list[Cell]:
    """What is still missing; a line for each cell that is there now."""
    left = []
    for cell in missing:
        found = folder.result_of(cell)
        if found is None or found.value is None:
            left.append(cell)
            continue
        state.done, state.ran = state.done + 1, state.ran + 1
        left_to_do = minutes_left(state, time.monotonic() - begun)
        out.line(f"[{state.done}/{state.cells}] {cell}: {found.value:.3f}{left_to_do}")
    return left


@contextmanager
def _started(command: Sequence[str], processes: int, state: Run, out: Output) -> Iterator[list[subprocess.Popen[str]]]:
    """The processes, in groups of their own: a Ctrl-C reaches them through this one."""
    running: list[subprocess.Popen[str]] = []
    readers = []
    try:
        for _ in range(processes):
            running.append(
                subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                    errors="replace", start_new_session=True,
                )
            )  # fmt: skip
            readers.append(threading.Thread(target=_hand_on, args=(running[-1], state, out), daemon=True))
            readers[-1].start()
        yield running
    finally:
        for process in running:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for reader in readers:
            reader.join(_LOOK)


def _hand_on(process: subprocess.Popen[str], state: Run, out: Output) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        # Of an end that was asked for this process speaks for all.
        if not state.interrupted:
            out.warn(line.rstrip().removeprefix("warning: "))


def _stop(running: Sequence[subprocess.Popen[str]]) -> None:
    """In good order; at once with another Ctrl-C."""
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
    ends = time.monotonic() + _PATIENCE
    for process in running:
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(max(0.0, ends - time.monotonic()))
