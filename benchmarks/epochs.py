"""Test accuracy against passes over the training texts: each loss as the default space tries it first."""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from statistics import mean

from benchmarks.arguments import task_options
from benchmarks.tables import machine, markdown
from tune_dml.data import SINGLE
from tune_dml.driver.preparation import prepare_new
from tune_dml.driver.request import SearchRequest
from tune_dml.execution.this_machine import cores
from tune_dml.reporting.output import silent
from tune_dml.spaces import complete
from tune_dml.training.scoring import score
from tune_dml.training.workload import resolve, run_confirm, single_thread


def options() -> argparse.ArgumentParser:
    parser = task_options("epochs", __doc__)
    parser.add_argument("--encoder", default="all-MiniLM-L6-v2")
    parser.add_argument("--epochs", default="6,10,20")
    parser.add_argument("--draws", type=int, default=4)
    return parser


def main(arguments: list[str]) -> None:
    given = options().parse_args(arguments)
    counts = [int(count) for count in given.epochs.split(",")]
    scores: dict[tuple[str, int], list[float]] = {}
    with ProcessPoolExecutor(cores()) as pool:
        for part in pool.map(_draw, range(given.draws), [given] * given.draws, [counts] * given.draws):
            for key, accuracy in part.items():
                scores.setdefault(key, []).append(accuracy)
    losses = list(dict.fromkeys(loss for loss, _ in scores))
    rows = [(loss, *(f"{mean(scores[loss, count]):.3f}" for count in counts)) for loss in losses]
    rows.append(("mean", *(f"{mean(mean(scores[loss, count]) for loss in losses):.3f}" for count in counts)))
    print(markdown(("loss", *(f"{count} epochs" for count in counts)), rows))
    print(f"\n{given.task}, 50 shots, mean test accuracy of {given.draws} draws, {given.encoder}. {machine()}")


def _draw(draw: int, given: argparse.Namespace, counts: list[int]) -> dict[tuple[str, int], float]:
    single_thread()
    request = SearchRequest(task=given.task, shots=50, draw=draw, data=given.data, encoder=given.encoder)
    prepared = prepare_new(request, silent())
    found = {}
    for row in prepared.space.first:
        params = {**prepared.space.constants, **complete(row, prepared.space)}
        for count in counts:
            config = resolve({**params, "epochs": count})
            stage = run_confirm(prepared.workload, config, 0, prepared.test)
            accuracy = score(SINGLE, stage.probabilities["test"]["logistic"], prepared.test_labels)["accuracy"]
            found[config.loss, count] = accuracy
    return found
