"""Seconds from the command to the first training step: with no store of results at all, then with one."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from benchmarks.arguments import task_options
from benchmarks.command import timed_search
from benchmarks.tables import machine, markdown


def options() -> argparse.ArgumentParser:
    parser = task_options("start", __doc__)
    parser.add_argument("--encoder", default="all-MiniLM-L6-v2")
    parser.add_argument("--repeats", type=int, default=3)
    return parser


def main(arguments: list[str]) -> None:
    given = options().parse_args(arguments)
    search = ["--task", given.task, "--shots", "50", "--encoder", given.encoder]
    search += ["--trials", "2", "--folds", "2", "--no-confirm", *(["--data", given.data] if given.data else [])]
    first, later, whole = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        # Once uncounted: the file cache is warm afterwards.
        timed_search(Path(folder) / "warm", search)
        for number in range(given.repeats):
            results = Path(folder) / str(number)
            for times in (first, later):
                timed = timed_search(results, search)
                times.append(timed.first_step)
                whole.append(timed.total - (timed.last_round - timed.first_round))
                shutil.rmtree(results / "searches")
    rows = [
        ("first training step, no store of results yet", f"{sorted(first)[len(first) // 2]:.1f}"),
        ("first training step, the store exists", f"{sorted(later)[len(later) // 2]:.1f}"),
        ("everything but rounds, a search without confirm", f"{sorted(whole)[len(whole) // 2]:.1f}"),
    ]
    print(markdown(("from the command, median", "s"), rows))
    print(f"\n{given.encoder}, {given.repeats} runs each. {machine()}")
