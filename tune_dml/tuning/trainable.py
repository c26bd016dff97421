"""What Ray Tune runs in a worker: the rounds of one trial, one report each, or one job. No checkpoints, no files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from ray import tune

from tune_dml.config import Round
from tune_dml.config.encoding import round_from_json, round_to_json
from tune_dml.errors import TrainingFailure, TuneDMLError
from tune_dml.training.failures import is_gpu_fault
from tune_dml.training.scoring import mean_objective
from tune_dml.training.workload import Workload, ready, resolve, run_fold, run_rounds, single_thread
from tune_dml.tuning.lost import note_node
from tune_dml.tuning.side_by_side import RoundBoard, help_with, in_order


def trial_rounds(config: dict[str, Any], metric: str, workload: Workload, *_: Any) -> None:
    """Run a trial and report ``round``, ``score`` (over rounds 1 to this one) and ``payload`` (the round, as JSON).

    ``config`` holds ``params`` and ``known``: rounds of an interrupted trial, which are handed back and not run again;
    ``board``, where others may help: the name of its :class:`RoundBoard`.
    Whatever goes wrong in training is reported as ``failed`` with its reason, so that an error of the worker itself
    means a fault of the infrastructure.
    """
    done: list[Round] = []
    latest = workload.by_schedule
    with _failures_reported(done):
        ready(workload)
        for payload in config["known"]:
            done.append(round_from_json(payload))
            tune.report({"round": done[-1].number, "score": mean_objective(done, metric, latest)})
        for item in _rounds(workload, config, len(done) + 1):
            done.append(item)
            score = mean_objective(done, metric, latest)
            tune.report({"round": item.number, "score": score, "payload": json.dumps(round_to_json(item))})


def _rounds(workload: Workload, config: dict[str, Any], start: int) -> Iterator[Round]:
    resolved = resolve(config["params"])
    if config.get("board") is None:
        return run_rounds(workload, resolved, start=start)
    board = RoundBoard(config["board"], "trial")
    return in_order(board, partial(run_fold, workload, resolved), range(start, workload.rounds + 1))


def help_trial(config: dict[str, Any], workload: Workload, *_: Any) -> None:
    """Run rounds of a trial that another worker reports."""
    ready(workload)
    run = partial(run_fold, workload, resolve(config["params"]))
    help_with(RoundBoard(config["board"], config["helper"]), run, config["rounds"])


@contextmanager
def _failures_reported(done: list[Round]) -> Iterator[None]:
    try:
        yield
    except TrainingFailure as failure:
        _failed(len(done), failure.reason, str(failure))
    except TuneDMLError as error:
        _failed(len(done), "refused", str(error))
    except (ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError) as error:
        if is_gpu_fault(error):
            # Every later trial of this worker would fail likewise: Ray Tune starts another in its place.
            note_node(error)
            raise
        _failed(len(done), "error", f"{type(error).__name__}: {error}")


def _failed(rounds: int, reason: str, message: str) -> None:
    tune.report({"round": rounds, "score": float("-inf"), "failed": reason, "message": message[:500]})


def run_job(job: Any, values: dict[str, Any], *shared: Any) -> None:
    """Run a job and report what it gave: ``payload`` as JSON, ``attachment`` through the object store."""
    import ray

    single_thread()
    with _failures_reported([]):
        payload, attachment = job(values, *shared)
        report: dict[str, Any] = {"round": 1, "score": 0.0, "payload": json.dumps(payload)}
        if attachment is not None:
            report["attachment"] = ray.put(attachment)
        tune.report(report)
