"""Many independent jobs over Ray's workers, results as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def share(value: object) -> Any:
    """Put a value into the object store once; workers of one machine map the same copy of its arrays."""
    import ray

    return ray.put(value)


def run_many(
    function: Callable[..., Result],
    jobs: Sequence[Job],
    shared: Sequence[Any],
    *,
    cpus: float,
    gpus: float,
    concurrency: int,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[Job, Result]]:
    """Call ``function(job, *shared)`` in workers for each job; yield ``(job, result)`` in order of completion.

    Worker processes are reused from job to job. A worker that dies is replaced and its job run again (twice at most).

    Args:
        shared: What :func:`share` gave.
        stop: Asked several times a second; once true, running jobs are cancelled and the iteration ends.

    Raises:
        Whatever ``function`` raises, as Ray's ``RayTaskError`` of the same type.
    """
    import ray

    remote = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=2)(function)
    waiting = list(reversed(jobs))
    running: dict[Any, Job] = {}
    try:
        while waiting or running:
            while waiting and len(running) < concurrency:
                job = waiting.pop()
                running[remote.remote(job, *shared)] = job
            ready, _ = ray.wait(list(running), num_returns=1, timeout=0.2)
            if stop():
                return
            for reference in ready:
                job = running.pop(reference)
                yield job, ray.get(reference)
    finally:
        for reference in running:
            ray.cancel(reference, force=True)
