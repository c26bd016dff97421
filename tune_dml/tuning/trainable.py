"""What Ray Tune runs in a worker: the rounds of one trial, one report each. No checkpoints, nothing from disk."""

from __future__ import annotations

from typing import Any

from ray import tune

from tune_dml.config import Round
from tune_dml.errors import TrainingFailure, TuneDMLError
from tune_dml.training.scoring import mean_objective
from tune_dml.training.workload import Workload, resolve, run_rounds, single_thread
from tune_dml.tuning.encoding import round_from_json, round_to_json


def trial_rounds(config: dict[str, Any], workload: Workload, metric: str) -> None:
    """Run a trial and report ``round``, ``score`` (over rounds 1 to this one) and ``payload`` (the round itself).

    ``config`` holds ``kind``, ``number``, ``params`` and ``known``: rounds of an interrupted trial, which are handed
    back and not run again. Whatever goes wrong in training is reported as ``failed`` with its reason, so that an error
    of the worker itself means a fault of the infrastructure.
    """
    single_thread()
    done: list[Round] = []
    latest = workload.by_schedule
    try:
        for payload in config["known"]:
            done.append(round_from_json(payload))
            tune.report({"round": done[-1].number, "score": mean_objective(done, metric, latest)})
        for item in run_rounds(workload, resolve(config["params"]), start=len(done) + 1):
            done.append(item)
            score = mean_objective(done, metric, latest)
            tune.report({"round": item.number, "score": score, "payload": round_to_json(item)})
    except TrainingFailure as failure:
        _failed(len(done), failure.reason, str(failure))
    except TuneDMLError as error:
        _failed(len(done), "refused", str(error))
    except (ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError) as error:
        _failed(len(done), "error", f"{type(error).__name__}: {error}")


def _failed(rounds: int, reason: str, message: str) -> None:
    tune.report({"round": rounds, "score": float("-inf"), "failed": reason, "message": message[:500]})
