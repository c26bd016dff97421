"""What the harness costs: the same configurations in a search and in plain PyTorch loops, one after the other."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.arguments import task_options
from benchmarks.command import timed_search
from benchmarks.plain import seconds_side_by_side
from benchmarks.tables import machine, markdown
from tune_dml.driver.preparation import prepare_new
from tune_dml.driver.request import SearchRequest
from tune_dml.execution.this_machine import cores
from tune_dml.reporting.output import silent
from tune_dml.training.workload import resolve


def options() -> argparse.ArgumentParser:
    parser = task_options("efficiency", __doc__)
    parser.add_argument("--encoders", default="all-MiniLM-L6-v2,bert-tiny")
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--at-least", help="exit with 1 where an encoder's ratio is lower: one number for each")
    return parser


def main(arguments: list[str]) -> None:
    given = options().parse_args(arguments)
    encoders = given.encoders.split(",")
    ratios = [_measured(encoder, given) for encoder in encoders]
    rows = [
        (encoder, given.trials, given.rounds, f"{plain:.1f}", f"{search:.1f}", f"{plain / search:.2f}")
        for encoder, (plain, search) in zip(encoders, ratios, strict=True)
    ]
    headers = ("encoder", "configurations", "rounds", "plain loops, s", "search, s", "plain / search")
    print(markdown(headers, rows))
    print(f"\n{given.task}, 50 shots, {cores()} side by side. {machine()}")
    if given.at_least:
        needed = [float(value) for value in given.at_least.split(",")]
        short = [
            e for e, (plain, search), least in zip(encoders, ratios, needed, strict=True) if plain / search < least
        ]
        if short:
            raise SystemExit(f"below {given.at_least}: {', '.join(short)}")


def _measured(encoder: str, given: argparse.Namespace) -> tuple[float, float]:
    """Seconds of plain loops and of the search; the baselines, which every search runs, are in both."""
    data = ["--data", given.data] if given.data else []
    with tempfile.TemporaryDirectory() as folder:
        search = timed_search(
            Path(folder),
            [
                *("--task", given.task, "--shots", "50", *data, "--encoder", encoder),
                *("--trials", str(given.trials), "--folds", str(given.rounds)),
                *("--searcher", "random", "--scheduler", "none", "--no-confirm"),
            ],
        )
        request = SearchRequest(
            task=given.task, shots=50, data=given.data, encoder=encoder, folds=given.rounds, results=folder
        )
        workload = prepare_new(request, silent()).workload
        configs = [resolve(record.params) for record in search.records]
        plain = seconds_side_by_side(workload, configs, given.rounds, cores())
    return plain, search.last_round - search.first_round
