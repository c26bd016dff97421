"""``--dry-run``: what a search would do, and about how long it would take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tune_dml.config import Value
from tune_dml.driver.lengths import DEFAULT_MAX_LENGTH
from tune_dml.driver.preparation import prepare_new
from tune_dml.driver.prepared import Prepared
from tune_dml.driver.request import SearchRequest
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
    seconds_per_step = _timed(prepared)
    most_rounds = settings.trials * about.rounds + 2 * about.rounds
    estimate = _estimate(prepared, seconds_per_step)
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
        f"rounds: {most_rounds} at most ({settings.trials} trials and 2 baselines, {about.rounds} each); "
        f"scheduler {settings.scheduler}",
        f"time: about {max(1, round(estimate / 60))} min, from a training step of {1000 * seconds_per_step:.0f} ms",
        "Nothing was started: this was a dry run.",
    ]
    return Plan(tuple(lines), document)


def _timed(prepared: Prepared, max_length: int | None = None) -> float:
    from tune_dml.training.step_time import timed_step
    from tune_dml.training.workload import baseline, single_thread

    about = prepared.about
    single_thread()
    length = max_length or about.max_length
    config = baseline("reference_ce", about.encoder_size, length, about.settings.representation)
    return timed_step(prepared.workload, config)


def _length_cost(prepared: Prepared, request: SearchRequest, seconds_per_step: float) -> float | None:
    """What a step takes, as a multiple of one with the usual length, where a longer one was asked for."""
    if request.max_length is None or prepared.about.max_length <= DEFAULT_MAX_LENGTH:
        return None
    return seconds_per_step / _timed(prepared, DEFAULT_MAX_LENGTH)


def _estimate(prepared: Prepared, seconds_per_step: float) -> float:
    settings, about = prepared.about.settings, prepared.about
    steps = 20 * math.ceil(len(about.labels) / 16)
    whole = steps * seconds_per_step
    share = _ASHA_SHARE if settings.scheduler == "asha" else 1.0
    per_trial = whole * (1.0 if about.by_schedule else about.rounds * (1 - 1 / about.rounds))
    scoring = seconds_per_step / 48 * (0 if prepared.test is None else len(prepared.test))
    confirm = (5 * settings.confirm_seeds * (whole + scoring)) if settings.confirm else 0.0
    return START_SECONDS + (per_trial * (settings.trials * share + 1) + confirm) / settings.concurrency


def _short(row: dict[str, Value]) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items() if value is not None)
