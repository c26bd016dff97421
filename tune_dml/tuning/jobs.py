"""What a search's workers do besides trials, in idle slots and after them: confirm."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: One job, as JSON values.
Job = dict[str, Any]


@dataclass(frozen=True)
class Work:
    """What workers run. All functions travel by name, so that a worker imports them once.

    Attributes:
        shared: By what trials call an encoder (nothing, where it has no other), what :func:`tune_dml.execution.share`
            gave; each worker maps the same arrays, and of several encoders those of the trials that it runs.
        trial: ``trial(config, metric, *shared)`` reports the rounds of one trial.
        job: ``job(values, *shared)`` gives JSON values and, or ``None``, an object that is not for the journal.
        helper: ``helper(config, *shared)`` runs rounds of a trial that runs elsewhere; ``None`` where a trial cannot be
            helped.
        gpu_works: Whether the GPU of the process that calls it does.
    """

    shared: Mapping[str, Sequence[Any]]
    trial: Callable[..., None]
    job: Callable[..., tuple[dict[str, Any], object]] | None = None
    helper: Callable[..., None] | None = None
    gpu_works: Callable[[], bool] = lambda: True


@dataclass(frozen=True)
class FollowUp:
    """The driver's side of the jobs.

    Attributes:
        next: The next job; asked when a slot is free and no trial waits. Its argument: whether all trials have ended.
            ``None``: nothing to do now, and nothing ever if all trials have ended, and there is no more.
        done: Told of a job that has ended, with what it gave.
        lost: Told of a job that failed, with reason and message.
        more: Whether there will be another job once those that run have ended.
    """

    next: Callable[[bool], Job | None]
    done: Callable[[Job, dict[str, Any], Any], None]
    lost: Callable[[Job, str, str], None]
    more: Callable[[], bool] = lambda: False
