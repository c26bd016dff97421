from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from tune_dml.comparisons.cell_results import ComparisonFolder
from tune_dml.comparisons.cells_at_once import run_side_by_side
from tune_dml.comparisons.comparison import Comparison
from tune_dml.comparisons.comparison_file import comparison_from_values
from tune_dml.errors import EnvironmentFault
from tune_dml.reporting.output import Output

VALUES = {"tasks": ["bbc"], "draws": 4, "arms": ["ce", "supcon"]}
#: Runs the comparison like the command does, with cells that take no training: how long, which fail.
PART = """
import sys, time
from tune_dml.comparisons.cell_results import CellResult, ComparisonFolder
from tune_dml.comparisons.comparison_file import comparison_from_values
from tune_dml.comparisons.running import run_cells
from tune_dml.comparisons.cells_at_once import end_with_standard_input
from tune_dml.errors import EnvironmentFault
from tune_dml.reporting.output import silent

results, seconds, bad = sys.argv[1], float(sys.argv[2]), sys.argv[3]
end_with_standard_input()
comparison = comparison_from_values({values})

def run(cell):
    if cell.arm.name == bad and cell.draw == 0:
        raise EnvironmentFault("the disk is full.")
    time.sleep(seconds)
    return CellResult.of(cell, "accuracy", [0.5])

state = run_cells(comparison, ComparisonFolder(results, "tiny"), run, silent())
sys.exit(130 if state.interrupted else 0)
"""


@pytest.fixture
def comparison() -> Comparison:
    return comparison_from_values({**VALUES, "name": "tiny"})


@pytest.fixture
def folder(tmp_path: Path) -> ComparisonFolder:
    return ComparisonFolder(str(tmp_path), "tiny").made()


def command(tmp_path: Path, seconds: float, bad: str = "") -> list[str]:
    return [sys.executable, "-c", PART.replace("{values}", repr(VALUES)), str(tmp_path), str(seconds), bad]


def test_each_cell_is_run_once_and_told(comparison: Comparison, folder: ComparisonFolder, tmp_path: Path) -> None:
    said = io.StringIO()
    state = run_side_by_side(comparison, folder, command(tmp_path, 0.1), 2, Output(Console(file=said, width=200)))
    assert (state.cells, state.done, state.ran, state.failed) == (8, 8, 8, 0)
    lines = said.getvalue().splitlines()
    assert [line.split("]")[0] for line in lines] == [f"[{n}/8" for n in range(1, 9)]
    assert "bbc, 50 shots, draw 0, ce: 0.500" in said.getvalue()
    again = run_side_by_side(comparison, folder, command(tmp_path, 0.1), 2, Output(Console(file=io.StringIO())))
    assert (again.done, again.ran) == (8, 0)


def test_faults_are_handed_on(comparison: Comparison, folder: ComparisonFolder, tmp_path: Path) -> None:
    said = io.StringIO()
    with pytest.raises(EnvironmentFault, match="2 of 2 processes ended with an error"):
        run_side_by_side(
            comparison, folder, ["sh", "-c", "echo no Ray here >&2; exit 3"], 2, Output(Console(file=said))
        )
    assert said.getvalue().count("warning: no Ray here") == 2
    state = run_side_by_side(comparison, folder, command(tmp_path, 0.1, "supcon"), 2, Output(Console(file=said)))
    assert (state.done, state.failed) == (7, 1)
    assert "the disk is full" in said.getvalue()


def test_ctrl_c_reaches_all_and_nothing_is_lost(
    comparison: Comparison, folder: ComparisonFolder, tmp_path: Path
) -> None:
    def press() -> None:
        while not list(folder.cells.glob("*.json")):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    state = run_side_by_side(comparison, folder, command(tmp_path, 1.0), 2, Output(Console(file=io.StringIO())))
    assert state.interrupted
    assert state.failed == 0
    assert 0 < state.done < 8


def test_processes_end_with_the_one_that_started_them(
    comparison: Comparison, folder: ComparisonFolder, tmp_path: Path
) -> None:
    parent = f"""
import subprocess, sys, time
[subprocess.Popen({command(tmp_path, 1.0)!r}, stdin=subprocess.PIPE, start_new_session=True) for _ in range(2)]
time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", parent])
    while not list(folder.cells.glob("*.json")):
        time.sleep(0.1)
    process.kill()
    process.wait()
    time.sleep(2.0)
    done = len(list(folder.cells.glob("*.json")))
    time.sleep(2.0)
    assert len(list(folder.cells.glob("*.json"))) == done < 8
