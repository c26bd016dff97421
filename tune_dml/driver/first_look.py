"""What a search judges before anything starts: what ``tune-dml doctor`` judges in milliseconds, in the same words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tune_dml.checks.disk_check import check_storage, check_writable, disk_for
from tune_dml.checks.machine_check import check_limits, check_room
from tune_dml.checks.mlflow_check import check_tracking
from tune_dml.config import SearchSettings
from tune_dml.driver.request import SearchRequest
from tune_dml.errors import ResultsError
from tune_dml.evaluation.soups import MOST_SEEDS
from tune_dml.execution.limits import Limits
from tune_dml.execution.machines import Slots
from tune_dml.execution.preflight import Room, raise_if_wrong
from tune_dml.reporting.output import Output


def first_look(request: SearchRequest, results: Path, own: Limits) -> None:
    """Whether results can be written, a trial fits, and MLflow's store, where it is a file, takes what is written. A
    server that is away is none of this: what it lacks is written later.

    Args:
        own: Of this machine, which runs the trials where there is no cluster.

    Raises:
        ResultsError: the results folder cannot be written.
        EnvironmentFault: anything else.
    """
    writable = check_writable(results)
    if not writable.ok:
        raise ResultsError(f"{writable.says}. {writable.mend}")
    checks = [check_storage(results)]
    if request.address is None:
        checks.append(check_limits(own, request.cpus_per_trial))
    if request.tracking_uri is None or request.tracking_uri.startswith("sqlite"):
        checks.append(check_tracking(request.tracking_uri, results))
    raise_if_wrong(checks)


def fitted_to_machine(
    slots: Slots, own: Limits, parameters: Sequence[int], request: SearchRequest, out: Output
) -> Slots:
    """As many trials at a time as this machine's memory holds, if nobody has said how many; what binds is said.

    Args:
        parameters: Of each encoder.

    Raises:
        EnvironmentFault: there is no room for the encoder's weights.
    """
    room = _room(own, parameters, slots.gpus_per_trial > 0)
    check = check_room(room, own, slots.concurrency)
    if not room.holds_weights:
        raise_if_wrong([check])
    asked = isinstance(request.concurrency, int)
    fit = slots.concurrency if room.trials is None else max(1, min(slots.concurrency, room.trials))
    too_many = fit < slots.concurrency
    if not check.ok or (too_many and asked):
        out.warn(f"{check.says}. {check.mend or f'Lower --concurrency to {fit} if trials are lost.'}")
    if own.by or (too_many and not asked):
        out.line(f"limits: {own}" + (f"; {check.says}" if too_many and not asked else ""))
    return slots if asked else replace(slots, concurrency=fit)


def look_again(settings: SearchSettings, own: Limits, parameters: Sequence[int], out: Output) -> None:
    """Say so where a search goes on with more trials at a time than this machine is for: it was started on another."""
    share = settings.gpus_per_trial
    room = _room(own, parameters, share > 0).trials
    by_cores = settings.concurrency if share else int(own.cores / settings.cpus_per_trial + 1e-9)
    fit = max(1, by_cores if room is None else min(by_cores, room))
    if fit < settings.concurrency:
        out.warn(
            f"limits: {own}: room for {fit} of the {settings.concurrency} trials at a time that the search was "
            f"started with; resume with --concurrency {fit} if it is slow or workers are lost."
        )


def _room(own: Limits, parameters: Sequence[int], on_gpu: bool) -> Room:
    largest = max(parameters)
    return Room(own.memory, largest, on_gpu, sum(parameters) - largest)


def look_at_disk(results: Path, parameters: int, request: SearchRequest) -> None:
    """Whether there is room for the model of a search, and the seeds that it is mixed of.

    Raises:
        EnvironmentFault: there is none.
    """
    mixes = request.soup and request.confirm and not request.ensemble and request.confirm_seeds > 1
    mixed = min(MOST_SEEDS, request.confirm_seeds) if mixes else 0
    raise_if_wrong([check_storage(results, disk_for(parameters, mixed))])
