"""Whole searches with their defaults: this tool's, and an Optuna study over transformers' Trainer on the same folds."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import mean

from benchmarks.arguments import task_options
from benchmarks.command import timed_search
from benchmarks.tables import machine, markdown
from tune_dml.comparisons.cell_peer import peer_job, peer_output
from tune_dml.data import load_task
from tune_dml.driver.drawing import draw_data
from tune_dml.driver.options import draw_settings, task_settings
from tune_dml.driver.request import SearchRequest
from tune_dml.execution.this_machine import cores


def options() -> argparse.ArgumentParser:
    parser = task_options("whole", __doc__)
    parser.add_argument("--encoder", default="all-MiniLM-L6-v2")
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="a file for the draws that are done; those in it are not repeated")
    return parser


def main(arguments: list[str]) -> None:
    given = options().parse_args(arguments)
    kept = given.keep.read_text().splitlines() if given.keep is not None and given.keep.exists() else []
    rows = [json.loads(line) for line in kept][: given.draws]
    for draw in range(len(rows), given.draws):
        with tempfile.TemporaryDirectory() as folder:
            (own_rate, own), (rate, rival) = _own(given, draw, Path(folder)), _rival(given, draw)
        rows.append([draw, own_rate, rate, own, rival])
        if given.keep is not None:
            with given.keep.open("a") as file:
                print(json.dumps(rows[-1]), file=file)
    table = [
        (draw, f"{own_rate:.0f}", f"{rate:.0f}", f"{own_rate / rate:.1f}", f"{own:.3f}", f"{rival:.3f}")
        for draw, own_rate, rate, own, rival in rows
    ]
    _, own_rates, rates, owns, rivals = zip(*rows, strict=True)
    ratio = mean(own_rates) / mean(rates)
    table.append(("mean", f"{mean(own_rates):.0f}", f"{mean(rates):.0f}", f"{ratio:.1f}", *_means(owns, rivals)))
    headers = ("draw", "tune-dml, trials/h", "Trainer, trials/h", "ratio", "tune-dml, test acc.", "Trainer, test acc.")
    print(markdown(headers, table))
    print(
        f"\n{given.task}, 50 shots, {given.trials} trials each in five folds, {given.encoder}, {cores()} slots; starts "
        f"included, confirm not. Accuracy: mean of {given.seeds} seeds on the test split. {machine()}"
    )


def _means(owns: tuple[float, ...], rivals: tuple[float, ...]) -> tuple[str, str]:
    return f"{mean(owns):.3f}", f"{mean(rivals):.3f}"


def _own(given: argparse.Namespace, draw: int, folder: Path) -> tuple[float, float]:
    """Trials per hour, and the winner's mean test accuracy."""
    search = ["--task", given.task, "--shots", "50", "--draw", str(draw), "--encoder", given.encoder]
    search += ["--trials", str(given.trials), "--confirm-seeds", str(given.seeds)]
    timed = timed_search(folder, [*search, *(["--data", given.data] if given.data else [])])
    show = [sys.executable, "-m", "tune_dml", "show", "timed", "--results", str(folder), "--json"]
    document = json.loads(subprocess.run(show, capture_output=True, text=True, check=True).stdout)
    return 3600 * given.trials / timed.last_round, document["winner"]["test"]["accuracy"]["mean"]


def _rival(given: argparse.Namespace, draw: int) -> tuple[float, float]:
    """The same of the peer's search."""
    request = SearchRequest(
        task=given.task, shots=50, draw=draw, data=given.data, encoder=given.encoder, trials=given.trials,
        confirm_seeds=given.seeds,
    )  # fmt: skip
    drawn = draw_data(load_task(task_settings(request)), draw_settings(request))
    assert drawn.task.test is not None
    found = peer_output("trainer", peer_job(drawn, request), cores())
    right = found["probabilities"].argmax(axis=2) == drawn.task.test.labels
    return 3600 * given.trials / (float(found["seconds"]) / cores()), float(right.mean())
