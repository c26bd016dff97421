"""Whether the machines of a session can run a search: each check says what it found and, if need be, what mends it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tune_dml.errors import EnvironmentFault
from tune_dml.execution.machines import Answer, Machines

#: Bytes that a worker takes by itself: Python, PyTorch, Ray.
WORKER_MEMORY = 0.6e9
#: Bytes per parameter of the encoder in training: weights, gradients, AdamW's two moments, and a kept copy.
MEMORY_PER_PARAMETER = 20
#: Bytes per parameter at least, whatever is trained: the weights.
_WEIGHTS = 4
#: Bytes that the search itself takes beside its trials: its driver, Ray's own processes, the encoder twice (in the
#: driver, and in Ray's object store).
DRIVER_MEMORY = 0.75e9


@dataclass(frozen=True)
class Check:
    """What one look has found.

    Attributes:
        says: A sentence without its full stop.
        mend: What to do about it: a command or a sentence; empty where all is well.
    """

    says: str
    mend: str = ""

    @property
    def ok(self) -> bool:
        return not self.mend


def raise_if_wrong(checks: Iterable[Check]) -> None:
    """Refuse to start.

    Raises:
        EnvironmentFault: with every check that is not well.
    """
    wrong = [f"{check.says}. {check.mend}" for check in checks if not check.ok]
    if wrong:
        raise EnvironmentFault("\n".join(wrong))


def check_nodes(own: Answer, answers: Sequence[Answer], silent: Mapping[str, str]) -> list[Check]:
    """Whether every node answers and has the versions that are ``own``."""
    checks = []
    for name, reason in sorted(silent.items()):
        missing = "No module named" in reason
        mend = "Install the same tune-dml there." if missing else "Mend that, or take the node out of the cluster."
        checks.append(Check(f"node {name} cannot run tune-dml: {reason}", mend))
    for answer in answers:
        other = [
            f"{name} {answer.versions.get(name, 'missing')} instead of {version}"
            for name, version in own.versions.items()
            if answer.versions.get(name) != version
        ]
        if other:
            wanted = " ".join(
                f"{name}=={version}"
                for name, version in own.versions.items()
                if name != "Python" and answer.versions.get(name) != version
            )
            mend = f"There: pip install {wanted}" if wanted else f"Give it Python {own.versions['Python']}."
            checks.append(Check(f"node {answer.name} has {', '.join(other)}", mend))
    if not checks:
        checks.append(Check(f"{_count(len(answers), 'node')}: the same Python and packages everywhere"))
    return checks


def check_offer(machines: Machines, cpus: float, gpus: float) -> Check:
    """Whether a trial of ``cpus`` and ``gpus`` has a place, now or later."""
    try:
        machines.check_fits(cpus, gpus)
    except EnvironmentFault as fault:
        said, _, mend = str(fault).partition(". ")
        return Check(said, mend)
    now, most = machines.slots_now(cpus, gpus), machines.slots(cpus, gpus)
    later = f", {most} once the autoscaler has added what it may" if most > now else ""
    return Check(f"room for {_count(now, 'trial')} of {cpus:g} CPUs and {gpus:g} GPUs at a time{later}")


@dataclass(frozen=True)
class Room:
    """How many trials the memory of one machine holds beside the driver.

    Attributes:
        memory: Bytes; 0 where it is not known.
        parameters: Of the encoder; of several, of the largest.
        on_gpu: Whether trials keep it in a GPU's memory.
        others: Of the other encoders, in all.
    """

    memory: float
    parameters: int
    on_gpu: bool
    others: int = 0

    @property
    def driver(self) -> float:
        """Bytes that the search itself takes."""
        return DRIVER_MEMORY + 2 * _WEIGHTS * (self.parameters + self.others)

    @property
    def trial(self) -> float:
        """Bytes that a trial takes, about."""
        return memory_of_trial(self.parameters, self.on_gpu)

    @property
    def trials(self) -> int | None:
        """At a time; ``None`` where the memory is not known."""
        return max(0, int((self.memory - self.driver) / self.trial)) if self.memory else None

    @property
    def holds_weights(self) -> bool:
        """Whether one worker has a place that trains nothing; without it no search can run."""
        return not self.memory or self.memory >= self.driver + WORKER_MEMORY + _WEIGHTS * self.parameters


def memory_of_trial(parameters: int, on_gpu: bool) -> float:
    """Bytes that a trial takes of a machine's memory, about, by the encoder's size."""
    return WORKER_MEMORY + (8 if on_gpu else MEMORY_PER_PARAMETER) * parameters


def check_memory(machines: Machines, parameters: int, cpus: float, gpus: float) -> Check:
    """Whether the trials that a machine takes at a time fit into its memory, by the encoder's size."""
    each = memory_of_trial(parameters, bool(gpus))
    for one in (*machines.now, *machines.most):
        slots = one.slots(cpus, gpus)
        if one.memory and slots and slots * each > one.memory:
            fit = int(one.memory / each)
            mend = f"Give --concurrency {fit}, or more --cpus-per-trial." if fit else "Take a smaller encoder."
            says = f"{one.name} takes {_count(slots, 'trial')} of about {each / 2**30:.1f} GiB each"
            return Check(f"{says}, and has {one.memory / 2**30:.1f} GiB for them", mend)
    return Check(f"memory: about {each / 2**30:.1f} GiB a trial, which the machines have")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
