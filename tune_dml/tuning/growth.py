"""Machines that join a cluster while a search runs: it takes them."""

from __future__ import annotations

import time
from collections.abc import Callable

from ray.tune.search import ConcurrencyLimiter

from tune_dml.execution.machines import machines
from tune_dml.tuning.ray_insides import Insides

#: Between two looks at the cluster.
SECONDS = 5.0


class Growth:
    """Lets as many trials run at a time as the machines there hold, where that is more than it was.

    Args:
        limiter: Around the searcher.
        cpus, gpus: Of a trial.
        say: Told in a sentence.
    """

    def __init__(
        self, limiter: ConcurrencyLimiter, insides: Insides, cpus: float, gpus: float, say: Callable[[str], None]
    ) -> None:
        self._limiter, self._insides, self._trial, self._say = limiter, insides, (cpus, gpus), say
        self._next = time.monotonic() + SECONDS

    def look(self) -> None:
        """At the cluster, unless that was done just now."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + SECONDS
        slots = machines().slots_now(*self._trial)
        if slots > self._limiter.max_concurrent:
            self._limiter.set_max_concurrency(slots)
            self._insides.grow(slots)
            self._say(f"machines have joined; {slots} trials at a time")
