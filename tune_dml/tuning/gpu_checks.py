"""A GPU that fails: it is found, and no more trials are given to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tune_dml.execution.machines import machines

#: For a check to start and to answer; a slot that another trial has taken meanwhile may not be free again for long.
PATIENCE = 60.0
#: Between two looks at the answers.
SECONDS = 1.0


@dataclass
class _Asked:
    actor: Any
    node: str
    until: float


class GpuChecks:
    """Tells a GPU that fails from a trial that makes one fail.

    A bad GPU ends each of its trials within seconds and so would meet more of them than all good ones. Where a worker
    was lost to a fault of its GPU, a process takes the place that has come free, computes a little, and keeps the place
    for the rest of the search if that fails too.

    Args:
        works: Whether the GPU of the process that calls it does.
        cpus, gpus: Of a trial.
        say: Told in a sentence of what is no longer used.
    """

    def __init__(self, works: Callable[[], bool], cpus: float, gpus: float, say: Callable[[str], None]) -> None:
        self._works, self._cpus, self._gpus, self._say = works, cpus, gpus, say
        self._asked: dict[Any, _Asked] = {}
        self._held: list[Any] = []
        self._next = 0.0

    def after_fault(self, node: str | None) -> None:
        """A worker on ``node``, by Ray's number, was lost to a fault of its GPU."""
        if node is None or not self._gpus:
            return
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        check: Any = ray.remote(num_cpus=0, num_gpus=self._gpus)(_Check)
        actor = check.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(self._works)
        self._asked[actor.works.remote()] = _Asked(actor, node, time.monotonic() + PATIENCE)

    def look(self) -> None:
        """At what checks have said, unless that was done just now."""
        now = time.monotonic()
        if not self._asked or now < self._next:
            return
        self._next = now + SECONDS
        import ray
        from ray.exceptions import RayError

        done, _ = ray.wait(list(self._asked), num_returns=len(self._asked), timeout=0)
        for answer in done:
            asked = self._asked.pop(answer)
            try:
                works = ray.get(answer)
            except RayError:
                # The node has gone, or the GPU took the process with it, and the place with the process.
                continue
            if works or not self._spare():
                ray.kill(asked.actor)
            else:
                self._held.append(asked.actor)
                self._say(f"a GPU of {_address(asked.node)} fails; no more trials are given to it")
        for answer in [answer for answer, asked in self._asked.items() if asked.until < now]:
            ray.kill(self._asked.pop(answer).actor)

    def close(self) -> None:
        """Give back what is held."""
        import ray

        for actor in (*(asked.actor for asked in self._asked.values()), *self._held):
            ray.kill(actor)
        self._asked.clear()
        self._held.clear()

    def _spare(self) -> bool:
        """Whether trials have another place than those that are held, and one more."""
        return machines().slots_now(self._cpus, self._gpus) > len(self._held) + 1


class _Check:
    def __init__(self, works: Callable[[], bool]) -> None:
        self._works = works

    def works(self) -> bool:
        return self._works()


def _address(node: str) -> str:
    import ray

    return next((str(n["NodeManagerAddress"]) for n in ray.nodes() if n["NodeID"] == node), "a machine")
