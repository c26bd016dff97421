"""Whether the winner's seeds are mixed into one model: how that is judged, and what workers do for it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tune_dml.config import ConfirmRun, Probabilities, SoupRound
from tune_dml.config.encoding import confirm_to_json, soup_round_to_json
from tune_dml.data import Kind, metric_named
from tune_dml.errors import TrainingFailure
from tune_dml.evaluation.confirm_runs import Candidate, TrainedModel, confirm_job
from tune_dml.evaluation.standard_error import gains_more
from tune_dml.execution.objects import fetch_by_text
from tune_dml.training.scoring import score

if TYPE_CHECKING:
    from tune_dml.models.readouts import FittedReadout
    from tune_dml.models.tokens import TokenArrays
    from tune_dml.training.soup import State
    from tune_dml.training.workload import Workload

#: Seeds that are mixed at most.
MOST_SEEDS = 5
#: Of the rounds of a search, one in so many may go into judging a soup; one round is judged in any case.
SHARE = 10
_ROUND, _SOUP = "soup round", "soup"


@dataclass(frozen=True)
class Judging:
    """Which rounds a soup is judged by, and of how many seeds it is there."""

    rounds: tuple[int, ...]
    seeds: int


def soup_name(candidate: str) -> str:
    """What the soup of a candidate's seeds is called in tables."""
    return f"{candidate} soup"


def judging(spent: int, rounds: int, seeds: int, latest: bool) -> Judging:
    """As many rounds as a tenth of the search's pays for, one at the least; where not even that is paid for, with fewer
    seeds, two at the least.

    Args:
        spent: Rounds that the search has run.
        rounds: Of a trial.
        seeds: That are to be mixed.
        latest: Whether rounds are parts of one schedule: then a seed costs all of them.
    """
    paid, cost = spent // SHARE, rounds if latest else 1
    within = 1 if latest else min(rounds, max(1, paid // seeds))
    return Judging(tuple(range(1, within + 1)), min(seeds, max(2, paid // cost)))


def soup_is_worse(judged: Sequence[SoupRound], labels: npt.NDArray[Any], metric: str) -> bool:
    """Whether the soup gains less than its seeds do on average, by more than one standard error, on held-out rows.

    With the few rows that there are, "not clearly worse" is what can be told: a soup that does not hold together (its
    seeds went different ways) is far behind, and otherwise it is expected to be a little ahead (Wortsman et al. 2022).
    """

    def gains(probabilities: Probabilities, item: SoupRound) -> npt.NDArray[np.float64]:
        return metric_named(metric).gains(probabilities.astype(np.float64), labels[item.rows])

    soup = np.concatenate([gains(item.soup, item) for item in judged])
    seeds = np.concatenate([np.mean([gains(one, item) for one in item.seeds], axis=0) for item in judged])
    return gains_more(seeds, soup, 1.0)


def judged_scores(
    judged: Sequence[SoupRound], labels: npt.NDArray[Any], kind: Kind, metric: str
) -> tuple[float, float] | None:
    """The mean over the rounds of what the soup scores, and of what its seeds do; ``None`` without rounds."""
    if not judged:
        return None
    soup = [score(kind, item.soup, labels[item.rows])[metric] for item in judged]
    seeds = [score(kind, one, labels[item.rows])[metric] for item in judged for one in item.seeds]
    return float(np.mean(soup)), float(np.mean(seeds))


def round_job(candidate: Candidate, number: int, seeds: int) -> dict[str, Any]:
    """Judge by one round, for a worker's :func:`worker_job`."""
    return {"what": _ROUND, "name": candidate.name, "params": dict(candidate.params), "number": number, "seeds": seeds}


def soup_job(candidate: Candidate, state: str) -> dict[str, Any]:
    """Read out the soup, for a worker's :func:`worker_job`.

    Args:
        state: From :func:`tune_dml.execution.objects.share_as_text`.
    """
    return {"what": _SOUP, "name": candidate.name, "params": dict(candidate.params), "state": state}


def is_round_job(job: Mapping[str, Any]) -> bool:
    """Whether it is one of :func:`round_job`."""
    return job.get("what") == _ROUND


def is_soup_job(job: Mapping[str, Any]) -> bool:
    """Whether it is one of :func:`soup_job`."""
    return job.get("what") == _SOUP


def worker_job(
    values: Mapping[str, Any], workload: Workload, test: TokenArrays | None
) -> tuple[dict[str, Any], TrainedModel | FittedReadout | None]:
    """In a worker: what :func:`tune_dml.evaluation.confirm_runs.job_of` or a function of this file describes."""
    if not is_round_job(values) and not is_soup_job(values):
        return confirm_job(values, workload, test)
    from tune_dml.training.soup import soup_round
    from tune_dml.training.workload import ready, resolve

    ready(workload)
    name, config = str(values["name"]), resolve(values["params"])
    if is_round_job(values):
        found = soup_round(workload, config, int(values["number"]), int(values["seeds"]), name)
        return soup_round_to_json(found), None
    run, readout = soup_run(name, values["params"], fetch_by_text(values["state"]), workload, test)
    return confirm_to_json(run), readout


def soup_run(
    name: str, params: Mapping[str, Any], state: State, workload: Workload, test: TokenArrays | None
) -> tuple[ConfirmRun, FittedReadout]:
    """The soup with the weights ``state``, read out on the whole draw.

    Raises:
        TrainingFailure: it gives every text the same vector or class.
    """
    from tune_dml.training.soup import readout_of, soup_stage
    from tune_dml.training.workload import resolve

    begun, config = time.perf_counter(), resolve(params)
    texts = {} if test is None else {"test": test}
    machine = {"device": workload.device, "precision": workload.precision}
    stage = soup_stage(config, workload.encoder, state, workload.examples(config), texts, **machine)
    readout = readout_of(stage, config, workload.kind)
    scored = stage.probabilities.get("test", {})
    probabilities = {readout: scored[readout]} if scored else {}
    return ConfirmRun(soup_name(name), 0, probabilities, time.perf_counter() - begun), stage.readouts[readout]


def soup_again(
    candidate: Candidate, workload: Workload, test: TokenArrays | None, seeds: int
) -> tuple[ConfirmRun, TrainedModel | None]:
    """Train every seed of a soup and mix them, in this process; a failure is the run's reason, not an error."""
    from tune_dml.training.soup import mean_state
    from tune_dml.training.workload import resolve, run_confirm

    begun, config = time.perf_counter(), resolve(candidate.params)
    stages = (run_confirm(workload, config, seed, None, keep_encoder=True) for seed in range(seeds))
    try:
        state = mean_state(stage.encoder_state for stage in stages if stage.encoder_state is not None)
        run, readout = soup_run(candidate.name, candidate.params, state, workload, test)
    except TrainingFailure as failure:
        return ConfirmRun(soup_name(candidate.name), 0, {}, time.perf_counter() - begun, failure.reason), None
    return run, TrainedModel(state, readout)
