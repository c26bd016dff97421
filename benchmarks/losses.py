"""Every loss with its default hyperparameters, beside cross entropy as configurations have it by default: accuracy by
cross validation and on the test split, seconds, and the share of batches in which the metric loss was 0."""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from benchmarks.arguments import task_options
from benchmarks.runs import kept_runs
from benchmarks.tables import machine, markdown
from tune_dml.config import READOUTS, Configuration, State, TrialRecord
from tune_dml.evaluation import choose_readout, choose_temperature, pooled
from tune_dml.losses import LOSSES, check
from tune_dml.models.readouts.spec import tempered
from tune_dml.training.scoring import score
from tune_dml.training.workload import run_confirm, run_rounds, single_thread
from tune_dml.workflows.output import silent
from tune_dml.workflows.preparation import Prepared, prepare_new
from tune_dml.workflows.request import SearchRequest


def options() -> argparse.ArgumentParser:
    parser = task_options("losses", __doc__)
    parser.set_defaults(task="TREC,SST2")
    parser.add_argument("--encoder", default="all-MiniLM-L6-v2")
    parser.add_argument("--shots", type=int, default=50)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--losses", default=",".join(LOSSES))
    parser.add_argument(
        "--keep", type=Path, default=Path("build/losses.jsonl"), help="a file for the runs that are done"
    )
    return parser


def main(arguments: list[str]) -> None:
    given = options().parse_args(arguments)
    tasks, losses = given.task.split(","), given.losses.split(",")
    # Draws first: a table of fewer draws stands when the rest is not done.
    jobs = [
        (loss, task, draw, given.shots, given.encoder, given.data)
        for draw in range(given.draws)
        for task in tasks
        for loss in losses
    ]
    runs = {job[:3]: run for job, run in kept_runs(jobs, _run, given.keep).items()}
    rows = []
    for loss in losses:
        row: list[str] = [loss]
        for task in tasks:
            own = [runs[loss, task, draw] for draw in range(given.draws)]
            row += [
                f"{mean(run['cv']['logistic'] for run in own):.3f}",
                _behind(runs, loss, task, losses, given.draws),
                f"{mean(run['test']['logistic'] for run in own):.3f}",
                f"{mean(run['test'][run['readout']] for run in own):.3f}",
            ]
        every = [runs[loss, task, draw] for task in tasks for draw in range(given.draws)]
        row += [f"{mean(run['seconds'] for run in every):.1f}", f"{mean(run['zero'] for run in every):.2f}"]
        rows.append(row)
    per_task = [
        f"{task}, {what}"
        for task in tasks
        for what in ("cross validation", "behind the best, s.e.", "test", "test, read-out chosen")
    ]
    print(markdown(["loss", *per_task, "s a run", "zero-loss batches"], rows))
    print("\n" + markdown(("read-out", "test accuracy, mean of all runs"), _readouts(list(runs.values()))))
    log_losses = [
        (name, f"{mean(run['log_loss'][key] for run in runs.values()):.4f}")
        for name, key in (("chosen by cross validation", "chosen"), ("none", "none"))
    ]
    print("\n" + markdown(("temperature", "test log loss, mean of all runs"), log_losses))
    print(f"\n{given.shots} shots, means of {given.draws} draws, {given.encoder}. {machine()}")


def _behind(runs: dict[Any, Any], loss: str, task: str, losses: list[str], draws: int) -> str:
    """By how many standard errors of the paired difference the loss is behind the task's best, by cross validation."""
    hits = {
        name: np.array([int(c) for draw in range(draws) for c in runs[name, task, draw]["correct"]]) for name in losses
    }
    difference = hits[max(hits, key=lambda name: float(hits[name].mean()))] - hits[loss]
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    return f"{difference.mean() / error:.1f}" if error else "0.0"


def _readouts(runs: list[Any]) -> list[tuple[str, str]]:
    rows = [("chosen by the rule", mean(run["test"][run["readout"]] for run in runs))]
    rows.append(("the same, usual settings only", mean(run["test"][run["usual"]] for run in runs)))
    common = [name for name in READOUTS if all(name in run["test"] for run in runs)]
    rows += [(name, mean(run["test"][name] for run in runs)) for name in common]
    return [(name, f"{value:.4f}") for name, value in rows]


@lru_cache(1)
def _prepared(task: str, draw: int, shots: int, encoder: str, data: str | None) -> Prepared:
    single_thread()
    return prepare_new(SearchRequest(task=task, shots=shots, draw=draw, data=data, encoder=encoder), silent())


def _usual_settings(record: TrialRecord) -> TrialRecord:
    rounds = [
        replace(r, probabilities={name: p for name, p in r.probabilities.items() if ":" not in name})
        for r in record.rounds
    ]
    return replace(record, rounds=tuple(rounds))


def _run(loss: str, task: str, draw: int, shots: int, encoder: str, data: str | None) -> dict[str, Any]:
    prepared = _prepared(task, draw, shots, encoder, data)
    workload, config = prepared.workload, check(Configuration(loss=loss))
    rounds = tuple(run_rounds(workload, config))
    record = TrialRecord(0, "trial", loss, State.COMPLETE, config.to_dict(), rounds)
    stage = run_confirm(workload, config, 0, prepared.test)
    cv = {name: pooled(record, workload.labels, name) for name in rounds[0].probabilities}
    logistic = cv["logistic"]
    readout = choose_readout(record, workload.labels, "accuracy")
    test, temperature = stage.probabilities["test"], choose_temperature(record, workload.labels, readout)
    return {
        "cv": {name: score(one.probabilities, one.labels).accuracy for name, one in cv.items()},
        "correct": "".join(str(int(hit)) for hit in logistic.probabilities.argmax(axis=1) == logistic.labels),
        "readout": readout,
        "usual": choose_readout(_usual_settings(record), workload.labels, "accuracy"),
        "test": {name: score(p, prepared.test_labels).accuracy for name, p in test.items()},
        "temperature": temperature,
        "log_loss": {
            "chosen": score(tempered(test[readout], temperature), prepared.test_labels).log_loss,
            "none": score(test[readout], prepared.test_labels).log_loss,
        },
        "seconds": mean([r.seconds for r in rounds]),
        "zero": mean([r.diagnostics["zero_loss_share"] for r in rounds]),
    }
