"""``--dry-run``: what a search would do, and about how long it would take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tune_dml.config import Value
from tune_dml.driver.lengths import DEFAULT_MAX_LENGTH
from tune_dml.driver.preparation import prepare_new
from tune_dml.driver.prepared import Prepared, WithEncoder
from tune_dml.driver.request import SearchRequest
from tune_dml.evaluation.soups import MOST_SEEDS
from tune_dml.execution import stop_ray
from tune_dml.reporting.output import Output
from tune_dml.spaces import describe

#: What starting Ray and its workers takes, in seconds.
START_SECONDS = 15.0
#: ASHA halves the trials after 2 and after 4 rounds.
_ASHA_SHARE = 0.65


@dataclass(frozen=True)
class Plan:
    """The plan in words, and as a document for ``--json``."""

    lines: tuple[str, ...]
    document: dict[str, Any]


def plan(request: SearchRequest, out: Output) -> Plan:
    """Resolve a request, time one training step, and say what would happen. Writes nothing, starts no Ray; a cluster is
    joined to see what it has.

    Raises:
        TuneDMLError: as :func:`tune_dml.workflows.search.search`.
    """
    try:
        prepared = prepare_new(request, out)
    finally:
        stop_ray()
    about, settings = prepared.about, prepared.about.settings
    steps = {one.encoder.name: _timed(one) for one in prepared.encoders}
    seconds_per_step = max(steps.values())
    baselines = len(settings.baselines) * len(steps)
    most_rounds = (settings.trials + baselines) * about.rounds
    adapting = prepared.adapting_seconds
    estimate = _estimate(prepared, list(steps.values())) + adapting
    per_class = about.per_class()
    searched = [row for row in describe(prepared.space) if row.searched]
    first = [dict(row) for row in prepared.space.first[: settings.trials]]
    length = _length_cost(prepared, request, seconds_per_step)
    document = {
        "name": settings.name,
        "task": settings.task.task,
        "source": about.source,
        "notes": list(about.notes),
        "per_class": per_class,
        "protocol": settings.protocol,
        "encoder": settings.encoder,
        "encoders": {name: {"seconds_per_step": round(seconds, 4)} for name, seconds in steps.items()},
        "device": settings.device,
        "precision": settings.precision,
        "max_length": about.max_length,
        "truncation": settings.truncation,
        "prefix": settings.prefix,
        "representation": settings.representation,
        "trials": settings.trials,
        "rounds_at_most": most_rounds,
        "concurrency": settings.concurrency,
        "searched": [row.name for row in searched],
        "first": first,
        "seconds_per_step": round(seconds_per_step, 4),
        "step_relative_to_usual_length": None if length is None else round(length, 2),
        "adapting_seconds": round(adapting),
        "estimated_seconds": round(estimate),
    }
    lines = [
        f"task: {settings.task.task} ({about.source})",
        "per class: " + ", ".join(f"{name} {n}" for name, n in per_class.items()),
        *(f"data: {note}" for note in about.notes),
        f"protocol: {settings.protocol}",
        f"training: on {settings.device} in {settings.precision}, {settings.concurrency} at a time",
        f"searched: {', '.join(row.name for row in searched)}",
        *(f"first: {_short(row)}" for row in first),
        f"reading: at most {about.max_length} tokens of a text ({settings.truncation} of longer ones)"
        + ("" if length is None else f"; a step takes {length:.1f} times what it takes with {DEFAULT_MAX_LENGTH}"),
        *(f"encoder: {name}, {1000 * seconds:.0f} ms a step" for name, seconds in steps.items() if len(steps) > 1),
        f"rounds: {most_rounds} at most ({settings.trials} trials and {baselines} baselines, {about.rounds} each); "
        f"scheduler {settings.scheduler}",
        *([f"adapting: {settings.adapt_mlm} masked-LM steps, about {adapting:.0f} s"] if settings.adapt_mlm else []),
        f"time: about {max(1, round(estimate / 60))} min, from a training step of {1000 * seconds_per_step:.0f} ms",
        "Nothing was started: this was a dry run.",
    ]
    return Plan(tuple(lines), document)


def _timed(one: WithEncoder, max_length: int | None = None) -> float:
    from tune_dml.training.step_time import timed_step
    from tune_dml.training.workload import baseline, single_thread

    encoder = one.encoder
    single_thread()
    config = baseline(
        "reference_ce", one.size, max_length or encoder.max_length, encoder.representation, one.workload.kind
    )
    return timed_step(one.workload, config)


def _length_cost(prepared: Prepared, request: SearchRequest, seconds_per_step: float) -> float | None:
    """What a step takes, as a multiple of one with the usual length, where a longer one was asked for."""
    if request.max_length is None or prepared.about.max_length <= DEFAULT_MAX_LENGTH:
        return None
    return seconds_per_step / max(_timed(one, DEFAULT_MAX_LENGTH) for one in prepared.encoders)


def _estimate(prepared: Prepared, seconds_per_step: list[float]) -> float:
    """Seconds. Several encoders share the time of the trials after the first of each, as if none were behind."""
    settings, about = prepared.about.settings, prepared.about
    steps = 20 * math.ceil(len(about.labels) / 16)
    whole = [steps * seconds for seconds in seconds_per_step]
    share = _ASHA_SHARE if settings.scheduler == "asha" else 1.0
    per_trial = [each * (1.0 if about.by_schedule else about.rounds * (1 - 1 / about.rounds)) for each in whole]
    # Each encoder's reference, its first trial, and its part of the others: in the same time, so many of each.
    others = max(0, settings.trials - len(whole)) * len(whole) / sum(1 / each for each in per_trial)
    trials = sum(per_trial) * (settings.reference_ce + share) + others * share
    scoring = max(seconds_per_step) / 48 * (0 if prepared.test is None else len(prepared.test))
    confirmed = (5 if settings.confirm_others else 1) * settings.confirm_seeds if settings.confirm else 0
    soup = min(MOST_SEEDS, settings.confirm_seeds) if settings.soup and confirmed > 1 else 0
    confirm = confirmed * (max(whole) + scoring) + soup * max(whole)
    return START_SECONDS + (trials + confirm) / settings.concurrency


def _short(row: dict[str, Value]) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items() if value is not None)
