"""Confirm: configurations that were picked by cross validation, retrained on the whole draw with fresh seeds."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tune_dml.config import ConfirmRun, TrialRecord, Value
from tune_dml.errors import TrainingFailure
from tune_dml.execution import run_many
from tune_dml.models.readouts import FittedReadout

if TYPE_CHECKING:
    from tune_dml.models.tokens import TokenArrays
    from tune_dml.training.workload import Workload


@dataclass(frozen=True)
class Candidate:
    """What is to be confirmed.

    Attributes:
        seeds: Which confirm seeds; the frozen probe needs only one, since nothing in it is random.
        keep: Seeds whose trained model is wanted.
    """

    name: str
    params: Mapping[str, Value]
    readout: str
    seeds: tuple[int, ...]
    keep: tuple[int, ...] = ()


@dataclass(frozen=True)
class TrainedModel:
    """Weights of the encoder and the fitted read-out."""

    encoder_state: Mapping[str, npt.NDArray[np.float32]] = field(repr=False)
    readout: FittedReadout = field(repr=False)


@dataclass(frozen=True)
class _Job:
    candidate: Candidate
    seed: int


def candidates(
    winner: TrialRecord,
    runners_up: Sequence[TrialRecord],
    best_ce: TrialRecord | None,
    baselines: Sequence[TrialRecord],
    readouts: Mapping[str, str],
    seeds: int,
    ensemble: bool,
) -> list[Candidate]:
    """The winner first, then baselines, the best cross entropy and the runners-up; none twice."""
    everyone = tuple(range(seeds))
    result = [_candidate(winner, readouts, everyone, everyone if ensemble else everyone[:1])]
    others = [*baselines, *([best_ce] if best_ce else []), *runners_up]
    for record in others:
        if all(record.name != c.name for c in result):
            result.append(_candidate(record, readouts, everyone[:1] if record.name == "probe" else everyone, ()))
    return result


def _candidate(
    record: TrialRecord, readouts: Mapping[str, str], seeds: tuple[int, ...], keep: tuple[int, ...]
) -> Candidate:
    return Candidate(record.name, record.params, readouts.get(record.name, "logistic"), seeds, keep)


def confirm(
    wanted: Sequence[Candidate],
    done: Collection[tuple[str, int]],
    shared: Sequence[Any],
    *,
    cpus: float,
    gpus: float,
    concurrency: int,
    stop: Callable[[], bool],
) -> Iterator[tuple[ConfirmRun, TrainedModel | None]]:
    """Run what is not ``done`` over Ray's workers; yields each run as it ends, with its model where that is kept.

    Args:
        shared: The workload and the test texts' tokens (or ``None``) in the object store.
    """
    jobs = [_Job(c, seed) for c in wanted for seed in c.seeds if (c.name, seed) not in done]
    for _, result in run_many(_in_worker, jobs, shared, cpus=cpus, gpus=gpus, concurrency=concurrency, stop=stop):
        yield result


def _in_worker(job: _Job, workload: Workload, test: TokenArrays | None) -> tuple[ConfirmRun, TrainedModel | None]:
    from tune_dml.training.workload import single_thread

    single_thread()
    return confirm_run(job.candidate, job.seed, workload, test)


def confirm_run(
    candidate: Candidate, seed: int, workload: Workload, test: TokenArrays | None
) -> tuple[ConfirmRun, TrainedModel | None]:
    """One candidate, one seed; a failure in training is the run's reason, not an error."""
    from tune_dml.training.workload import resolve, run_confirm

    begun = time.perf_counter()
    keep = seed in candidate.keep
    try:
        stage = run_confirm(workload, resolve(candidate.params), seed, test, keep)
    except TrainingFailure as failure:
        return ConfirmRun(candidate.name, seed, {}, time.perf_counter() - begun, failure.reason), None
    scored = stage.probabilities.get("test", {})
    probabilities = {name: scored[name] for name in {"logistic", candidate.readout} if name in scored}
    run = ConfirmRun(candidate.name, seed, dict(sorted(probabilities.items())), time.perf_counter() - begun)
    if not keep:
        return run, None
    assert stage.encoder_state is not None
    return run, TrainedModel(stage.encoder_state, stage.readouts[candidate.readout])
