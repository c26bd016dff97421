"""The cells of a comparison, one after the other; several processes may run the same comparison."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tune_dml.comparisons.cell_results import CellResult, ComparisonFolder
from tune_dml.comparisons.comparison import Cell, Comparison
from tune_dml.config.locks import Held, hold
from tune_dml.errors import EnvironmentFault, TuneDMLError
from tune_dml.reporting.output import Output

#: So many cells that end by a fault of the machine, one after the other: the next will too.
FAULTS_AT_MOST = 3


class Interrupted(Exception):
    """The user has stopped a cell; it is not done."""


@dataclass
class Run:
    """How far a comparison has come.

    Attributes:
        done: Cells with a result, those of earlier runs included.
        failed: Cells without one, with the reason.
        elsewhere: Cells that another process is running.
        ran: Of those that are done, the ones that were run now.
        interrupted: By Ctrl-C.
    """

    cells: int
    done: int = 0
    failed: int = 0
    elsewhere: int = 0
    ran: int = 0
    interrupted: bool = False


def run_cells(comparison: Comparison, folder: ComparisonFolder, run: Callable[[Cell], CellResult], out: Output) -> Run:
    """Run every cell that has no result yet.

    A cell is run by the process that holds its lock; those that are locked are another's. A cell that cannot be run is
    written down with its reason where the request is at fault; whatever has no score is tried again next time.

    Args:
        run: Gives a cell's result.

    Raises:
        EnvironmentFault: three cells in succession could not be run.
    """
    cells = list(comparison.cells())
    state, faults, begun = Run(len(cells)), 0, time.monotonic()
    missing = [cell for cell in cells if not folder.has_score(cell)]
    state.done = len(cells) - len(missing)
    for cell in missing:
        with _held(folder, cell) as mine:
            if not mine:
                state.elsewhere += 1
                continue
            if not folder.has_score(cell):
                out.line(_announced(cell, state, time.monotonic() - begun))
                try:
                    result = run(cell)
                except (Interrupted, KeyboardInterrupt):
                    state.interrupted = True
                    break
                except EnvironmentFault as error:
                    faults += 1
                    state.failed += 1
                    out.warn(f"{cell.name}: {error}")
                    if faults >= FAULTS_AT_MOST:
                        raise
                    continue
                except TuneDMLError as error:
                    out.warn(f"{cell.name}: {error}")
                    result = CellResult.of(cell, comparison.metric or "", (), reason=str(error))
                folder.add(result)
                faults, state.ran = 0, state.ran + 1
            state.done += 1
    return state


@contextmanager
def _held(folder: ComparisonFolder, cell: Cell) -> Iterator[bool]:
    try:
        lock = hold(folder.lock_of(cell))
    except Held:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def minutes_left(state: Run, seconds: float) -> str:
    """The end of a sentence; empty where nothing can be said, or nothing is left.

    Args:
        seconds: That those took that were run now.
    """
    left = state.cells - state.done
    return f", about {max(1, round(seconds / state.ran * left / 60))} min left" if state.ran and left else ""


def _announced(cell: Cell, state: Run, seconds: float) -> str:
    return f"cell {state.done + 1} of {state.cells}: {cell}{minutes_left(state, seconds)}"
