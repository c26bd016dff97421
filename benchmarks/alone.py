"""Each metric loss by itself, without cross entropy: how far training with it lifts the logistic read-out on the test
split above the frozen probe (a run that fails lifts nothing). Settings are tried in turn until one gives two points."""

from __future__ import annotations

import argparse
from functools import lru_cache
from itertools import product
from pathlib import Path
from statistics import mean

from benchmarks.arguments import task_options
from benchmarks.runs import kept_runs
from benchmarks.tables import machine, markdown
from tune_dml.data import SINGLE
from tune_dml.driver.preparation import prepare_new
from tune_dml.driver.prepared import Prepared
from tune_dml.driver.request import SearchRequest
from tune_dml.errors import TrainingFailure
from tune_dml.losses import LOSSES, check
from tune_dml.recipe import Configuration
from tune_dml.reporting.output import silent
from tune_dml.training.scoring import score
from tune_dml.training.workload import baseline, run_confirm, single_thread

#: Learning rate and epochs.
SETTINGS = tuple(product((1e-3, 3e-4, 1e-4, 3e-3), (20, 40)))
LIFT = 0.02


def options() -> argparse.ArgumentParser:
    parser = task_options("alone", __doc__)
    parser.set_defaults(task="TREC")
    parser.add_argument("--encoder", default="bert-tiny")
    parser.add_argument("--shots", type=int, default=100)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument(
        "--keep", type=Path, default=Path("build/alone.jsonl"), help="a file for the runs that are done"
    )
    return parser


def main(arguments: list[str]) -> None:
    given = options().parse_args(arguments)
    about = (given.task, given.shots, given.encoder, given.data)

    def lifts(losses: list[str], setting: tuple[float, int]) -> dict[str, float]:
        jobs = [(loss, *setting, draw, *about) for loss in losses for draw in range(given.draws)]
        runs = kept_runs(jobs, _lift, given.keep)
        return {loss: mean(lift for job, lift in runs.items() if job[0] == loss) for loss in losses}

    best: dict[str, tuple[float, tuple[float, int], int]] = {}
    left = [name for name, spec in LOSSES.items() if spec.build is not None]
    for number, setting in enumerate(SETTINGS, 1):
        for loss, lift in lifts(left, setting).items():
            if loss not in best or lift > best[loss][0]:
                best[loss] = (lift, setting, number)
        left = [loss for loss in left if best[loss][0] < LIFT]
        if not left:
            break
    rows = [
        (loss, f"{100 * lift:+.1f}", f"{setting[0]:g}", setting[1], number if lift >= LIFT else f"none of {number}")
        for loss, (lift, setting, number) in best.items()
    ]
    print(markdown(("loss", "points above the probe", "lr", "epochs", "setting"), rows))
    print(
        f"\n{given.task}, {given.shots} shots, mean of {given.draws} draws, {given.encoder}, the losses' own "
        f"hyperparameters at their defaults. {machine()}"
    )


@lru_cache(8)
def _probe(draw: int, task: str, shots: int, encoder: str, data: str | None) -> tuple[Prepared, float]:
    single_thread()
    prepared = prepare_new(SearchRequest(task=task, shots=shots, draw=draw, data=data, encoder=encoder), silent())
    return prepared, _accuracy(prepared, baseline("probe", "small", prepared.about.max_length))


def _accuracy(prepared: Prepared, config: Configuration) -> float:
    stage = run_confirm(prepared.workload, config, 0, prepared.test)
    return score(SINGLE, stage.probabilities["test"]["logistic"], prepared.test_labels)["accuracy"]


def _lift(loss: str, lr: float, epochs: int, draw: int, task: str, shots: int, encoder: str, data: str | None) -> float:
    prepared, probe = _probe(draw, task, shots, encoder, data)
    config = check(Configuration(loss=loss, beta=0.0, lr=lr, epochs=epochs))
    try:
        return _accuracy(prepared, config) - probe
    except TrainingFailure:
        return 0.0
