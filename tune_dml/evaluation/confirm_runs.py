"""Confirm: configurations that were picked by cross validation, retrained on the whole draw with fresh seeds."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tune_dml.config import ConfirmRun, TrialRecord, Value
from tune_dml.config.encoding import confirm_to_json
from tune_dml.data import Kind, kind_named
from tune_dml.errors import TrainingFailure
from tune_dml.models.readouts import FittedReadout

if TYPE_CHECKING:
    from tune_dml.models.tokens import TokenArrays
    from tune_dml.training.workload import Workload


@dataclass(frozen=True)
class Candidate:
    """What is to be confirmed.

    Attributes:
        params: With the read-out and its temperature.
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


def candidates(
    winner: TrialRecord,
    first: TrialRecord | None,
    runners_up: Sequence[TrialRecord],
    best_ce: TrialRecord | None,
    baselines: Sequence[TrialRecord],
    kind: Kind,
    readouts: Mapping[str, str],
    temperatures: Mapping[str, float],
    seeds: int,
    kept: int,
) -> list[Candidate]:
    """The winner first, then what the space begins with, baselines, the best cross entropy and the runners-up; none
    twice.

    Args:
        kept: Of how many of the winner's seeds the models are wanted.
    """
    everyone = tuple(range(seeds))
    result = [candidate(winner, kind, readouts, temperatures, everyone, everyone[:kept])]
    others = [*([first] if first else []), *baselines, *([best_ce] if best_ce else []), *runners_up]
    for record in others:
        if all(record.name != c.name for c in result):
            result.append(candidate(record, kind, readouts, temperatures, everyone))
    return result


def candidate(
    record: TrialRecord,
    kind: Kind,
    readouts: Mapping[str, str],
    temperatures: Mapping[str, float],
    seeds: tuple[int, ...],
    keep: tuple[int, ...] = (),
) -> Candidate:
    """A record with its read-out (the one that steers unless ``readouts`` has another) and temperature; the probe needs
    one seed."""
    mine = seeds[:1] if record.kind == "baseline" and not record.params.get("epochs") else seeds
    readout = readouts.get(record.name, kind.target.readout)
    params = {**record.params, "readout": readout, "temperature": temperatures.get(record.name, 1.0)}
    return Candidate(record.name, params, readout, mine, keep)


def job_of(candidate: Candidate, seed: int) -> dict[str, Any]:
    """One run of a candidate, for a worker's :func:`confirm_job`."""
    return {
        "name": candidate.name,
        "params": dict(candidate.params),
        "readout": candidate.readout,
        "seed": seed,
        "keep": seed in candidate.keep,
    }


def confirm_job(
    values: Mapping[str, Any], workload: Workload, test: TokenArrays | None
) -> tuple[dict[str, Any], TrainedModel | None]:
    """In a worker: the run that :func:`job_of` describes, as JSON values, and its model where that is kept."""
    from tune_dml.training.workload import ready

    seed = int(values["seed"])
    candidate = Candidate(
        values["name"], values["params"], values["readout"], (seed,), (seed,) if values["keep"] else ()
    )
    ready(workload)
    run, model = confirm_run(candidate, seed, workload, test)
    return confirm_to_json(run), model


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
    probabilities = {
        name: scored[name] for name in {kind_named(workload.kind).target.readout, candidate.readout} if name in scored
    }
    run = ConfirmRun(candidate.name, seed, dict(sorted(probabilities.items())), time.perf_counter() - begun)
    if not keep:
        return run, None
    assert stage.encoder_state is not None
    return run, TrainedModel(stage.encoder_state, stage.readouts[candidate.readout])
