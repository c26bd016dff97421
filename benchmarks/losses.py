"""Every loss with its default hyperparameters, beside cross entropy as configurations have it by default: accuracy by
cross validation and on the test split, training time, and the share of batches in which the metric loss was 0."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np

from benchmarks.arguments import task_options
from benchmarks.runs import kept_runs
from benchmarks.tables import machine, markdown
from tune_dml.config import State, TrialRecord
from tune_dml.data import SINGLE
from tune_dml.driver.preparation import prepare_new
from tune_dml.driver.prepared import Prepared
from tune_dml.driver.request import SearchRequest
from tune_dml.evaluation import best_readout, pooled
from tune_dml.losses import LOSSES, check
from tune_dml.recipe import READOUTS, Configuration
from tune_dml.reporting.output import silent
from tune_dml.training.scoring import score
from tune_dml.training.workload import Workload, run_confirm, run_rounds, single_thread

#: Of the runs that are timed; the others may share the machine with other work.
TIMED_EPOCHS, TIMED_REPEATS = 5, 3


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
    times = _times(losses, tasks, given)
    rows = []
    for loss in losses:
        row: list[str] = [loss]
        for task in tasks:
            own = [runs[loss, task, draw] for draw in range(given.draws)]
            row += [
                f"{mean(_accuracy(run['hits']['logistic']) for run in own):.3f}",
                _behind(runs, loss, task, losses, given.draws),
                f"{mean(run['test']['logistic'] for run in own):.3f}",
                f"{mean(run['test'][_chosen(run)] for run in own):.3f}",
            ]
        every = [runs[loss, task, draw] for task in tasks for draw in range(given.draws)]
        rows.append([*row, f"{times[loss]:.2f}", f"{mean(run['zero'] for run in every):.2f}"])
    per_task = [
        f"{task}, {what}"
        for task in tasks
        for what in ("cross validation", "behind the best, s.e.", "test", "test, read-out chosen")
    ]
    print(markdown(["loss", *per_task, f"time ({losses[0]}: 1)", "zero-loss batches"], rows))
    print("\n" + markdown(("read-out", "test accuracy, mean of all runs"), _readouts(list(runs.values()))))
    print(f"\n{given.shots} shots, means of {given.draws} draws, {given.encoder}. {machine()}")


def _times(losses: list[str], tasks: list[str], given: argparse.Namespace) -> dict[str, float]:
    """Seconds of training by those of the first loss, which trains again beside each: medians, one process alone."""
    workloads = [prepared_draw(task, 0, given.shots, given.encoder, given.data).workload for task in tasks]
    configs = [check(Configuration(loss=loss, epochs=TIMED_EPOCHS)) for loss in losses]

    def seconds(workload: Workload, config: Configuration) -> float:
        return next(iter(run_rounds(workload, config))).seconds

    return {
        loss: median(
            seconds(workload, config) / seconds(workload, configs[0])
            for _ in range(TIMED_REPEATS)
            for workload in workloads
        )
        for loss, config in zip(losses, configs, strict=True)
    }


def _behind(runs: dict[Any, Any], loss: str, task: str, losses: list[str], draws: int) -> str:
    """By how many standard errors of the paired difference the loss is behind the task's best, by cross validation."""
    correct = {name: [runs[name, task, draw]["hits"]["logistic"] for draw in range(draws)] for name in losses}
    best = max(correct, key=lambda name: "".join(correct[name]).count("1"))
    return f"{errors_behind(correct[best], correct[loss]):.1f}"


def _chosen(run: Any) -> str:
    """The read-out, by the rule."""
    gains = {name: np.array([float(hit) for hit in hits]) for name, hits in run["hits"].items()}
    return best_readout(gains, SINGLE, "accuracy")


def _accuracy(hits: str) -> float:
    return hits.count("1") / len(hits)


def _readouts(runs: list[Any]) -> list[tuple[str, str]]:
    """The rule, and each read-out that every run has."""
    common = [name for name in READOUTS if all(name in run["test"] for run in runs)]
    means = {"chosen by the rule": mean(run["test"][_chosen(run)] for run in runs)}
    means |= {name: mean(run["test"][name] for run in runs) for name in common}
    return [(name, f"{value:.4f}") for name, value in means.items()]


@lru_cache(2)
def prepared_draw(task: str, draw: int, shots: int, encoder: str, data: str | None) -> Prepared:
    """One few-shot draw of a task, in a process that computes with one thread."""
    single_thread()
    return prepare_new(SearchRequest(task=task, shots=shots, draw=draw, data=data, encoder=encoder), silent())


def hits(record: TrialRecord, prepared: Prepared, readout: str = "logistic") -> str:
    """Whether a read-out was right about each text, out of fold: ones and zeros."""
    one = pooled(record, prepared.workload.labels, readout)
    return "".join(str(int(hit)) for hit in one.probabilities.argmax(axis=1) == one.labels)


def errors_behind(better: Sequence[str], worse: Sequence[str]) -> float:
    """By how many standard errors of the paired difference ``worse`` has fewer hits, over all draws."""
    difference = np.array([int(a) - int(b) for a, b in zip("".join(better), "".join(worse), strict=True)])
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    return float(difference.mean() / error) if error else 0.0


def _run(loss: str, task: str, draw: int, shots: int, encoder: str, data: str | None) -> dict[str, Any]:
    prepared = prepared_draw(task, draw, shots, encoder, data)
    workload, config = prepared.workload, check(Configuration(loss=loss))
    rounds = tuple(run_rounds(workload, config))
    record = TrialRecord(0, "trial", loss, State.COMPLETE, config.to_dict(), rounds)
    test = run_confirm(workload, config, 0, prepared.test).probabilities["test"]
    return {
        "hits": {name: hits(record, prepared, name) for name in test},
        "test": {name: score(SINGLE, p, prepared.test_labels)["accuracy"] for name, p in test.items()},
        "zero": mean([r.diagnostics["zero_loss_share"] for r in rounds]),
    }
