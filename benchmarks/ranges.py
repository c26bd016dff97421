"""The ends of each loss's ranges in its search space, one hyperparameter at a time, beside its usual value: accuracy by
cross validation, with the recipe that the default space begins with."""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.arguments import task_options
from benchmarks.losses import errors_behind, hits, prepared_draw
from benchmarks.runs import kept_runs
from benchmarks.tables import machine, markdown
from tune_dml.config import Choice, State, TrialRecord, Value
from tune_dml.errors import TrainingFailure
from tune_dml.losses import LOSSES, check
from tune_dml.recipe import Configuration
from tune_dml.spaces import load_space
from tune_dml.training.workload import run_rounds

Setting = tuple[str, str, Value]


def options() -> argparse.ArgumentParser:
    parser = task_options("ranges", __doc__)
    parser.set_defaults(task="TREC,SST2")
    parser.add_argument("--encoder", default="all-MiniLM-L6-v2")
    parser.add_argument("--shots", type=int, default=50)
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--losses", help="those of the default space unless told otherwise")
    parser.add_argument(
        "--keep", type=Path, default=Path("build/ranges.jsonl"), help="a file for the runs that are done"
    )
    return parser


def main(arguments: list[str]) -> None:
    given = options().parse_args(arguments)
    tasks = given.task.split(",")
    losses = given.losses.split(",") if given.losses else [n for n in load_space("default").losses if n != "ce"]
    settings = [setting for loss in losses for setting in ends(loss)]
    draws = [(task, draw) for draw in range(given.draws) for task in tasks]
    jobs = [(*setting, *draw, given.shots, given.encoder, given.data) for draw in draws for setting in settings]
    runs = {job[:5]: run for job, run in kept_runs(jobs, _run, given.keep).items()}
    rows = []
    for loss, name, value in settings:
        correct = {task: [runs[loss, name, value, task, d] for d in range(given.draws)] for task in tasks}
        usual = [runs[loss, "", None, task, d] for task in tasks for d in range(given.draws)]
        behind = errors_behind(usual, [one for task in tasks for one in correct[task]])
        accuracies = [f"{mean(int(hit) for hit in ''.join(correct[task])):.3f}" for task in tasks]
        rows.append([loss, name or "usual values", "" if value is None else str(value), *accuracies, f"{behind:.1f}"])
    print(markdown(["loss", "hyperparameter", "at", *tasks, "behind the usual, s.e."], rows))
    print(f"\n{given.shots} shots, means of {given.draws} draws, {given.encoder}. {machine()}")


def ends(loss: str) -> list[Setting]:
    """The usual values of ``loss`` as ``(loss, "", None)``, then ``(loss, hyperparameter, value)`` of each end."""
    settings: list[Setting] = [(loss, "", None)]
    usual = LOSSES[loss].defaults
    for parameter in load_space(loss, (loss,)).parameters:
        group, _, name = parameter.name.partition("/")
        if group != loss or parameter.fixed:
            continue
        domain = parameter.domain
        values = domain.options if isinstance(domain, Choice) else (domain.low, domain.high)
        settings += [(loss, name, value) for value in values if value != usual[name]]
    return settings


def _run(loss: str, name: str, value: Value, task: str, draw: int, shots: int, encoder: str, data: str | None) -> Any:
    prepared = prepared_draw(task, draw, shots, encoder, data)
    params = {} if value is None else {name: value}
    config = check(Configuration(loss=loss, loss_params=params, epochs=10, trainable_layers=4))
    try:
        rounds = tuple(run_rounds(prepared.workload, config))
    except TrainingFailure:
        return "0" * len(prepared.workload.labels)
    return hits(TrialRecord(0, "trial", loss, State.COMPLETE, config.to_dict(), rounds), prepared)
