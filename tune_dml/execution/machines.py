"""The machines of a session: those that are there, and those that an autoscaler may add."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_dml.errors import EnvironmentFault

#: Their versions decide numbers: they must be the same everywhere. ``tune-dml`` comes first, so that a node without it
#: is told so before anything else.
PACKAGES = (
    "tune-dml", "ray", "torch", "transformers", "tokenizers", "pytorch-metric-learning", "numpy", "scipy",
    "scikit-learn", "optuna",
)  # fmt: skip
#: What ``ray up`` leaves on the head: the cluster file, with Ray's defaults filled in.
_CLUSTER_FILE = "~/ray_bootstrap_config.yaml"
#: Seconds that a node may take to answer: it may have to start a process for it.
ANSWER_SECONDS = 60.0


@dataclass(frozen=True)
class Slots:
    """Trials at a time, and what each takes."""

    concurrency: int
    cpus_per_trial: float
    gpus_per_trial: float


@dataclass(frozen=True)
class Offer:
    """So many machines alike.

    Attributes:
        name: Of a machine its address, else that of its type in the cluster file.
        count: How many.
        cpus, gpus: What each offers to trials.
        memory: Bytes for processes; 0 where it is not known.
    """

    name: str
    count: int
    cpus: float
    gpus: float
    memory: float = 0.0

    def slots(self, cpus: float, gpus: float) -> int:
        """Trials that one of them holds at a time, of ``cpus`` and ``gpus`` each."""
        limits = [have / need for have, need in ((self.cpus, cpus), (self.gpus, gpus)) if need]
        return int(min(limits) + 1e-9) if limits else 0


@dataclass(frozen=True)
class Machines:
    """What a session has.

    Attributes:
        now: Machines that are there.
        most: What the autoscaler may have running, those that are there included; empty where there is none.
        workers: How many of ``most`` at a time, the head not counted.
    """

    now: tuple[Offer, ...]
    most: tuple[Offer, ...] = ()
    workers: int = 0

    def slots_now(self, cpus: float, gpus: float) -> int:
        """Trials at a time that the machines there hold."""
        return sum(one.count * one.slots(cpus, gpus) for one in self.now)

    def slots(self, cpus: float, gpus: float) -> int:
        """Trials at a time, once the autoscaler has added all it may."""
        return int(self._at_most(lambda one: one.slots(cpus, gpus)))

    @property
    def gpus(self) -> float:
        """Once the autoscaler has added all it may."""
        return self._at_most(lambda one: one.gpus)

    def _at_most(self, worth: Callable[[Offer], float]) -> float:
        """Of the machines there, or of the best that the autoscaler may have, whichever is more."""
        left, total = self.workers, 0.0
        for offer in sorted(self.most, key=worth, reverse=True):
            taken = min(left, offer.count)
            left, total = left - taken, total + taken * worth(offer)
        return max(total, sum(one.count * worth(one) for one in self.now))

    def check_fits(self, cpus: float, gpus: float) -> None:
        """Refuse a trial that no machine can hold, there or to come: Ray would leave it waiting for ever.

        Raises:
            EnvironmentFault: no single machine has that much.
        """
        offers = [one for one in (*self.now, *self.most) if one.count]
        if not offers:
            raise EnvironmentFault(
                "Ray has lost the machine that it was started on, as it does where others keep it too busy; try again."
            )
        if not any(one.slots(cpus, gpus) for one in offers):
            have = sorted({f"{one.cpus:g} CPUs and {one.gpus:g} GPUs" for one in offers})
            raise EnvironmentFault(
                f"A trial needs {cpus:g} CPUs and {gpus:g} GPUs, but the machines have {', '.join(have)}. "
                "Lower --cpus-per-trial or --gpus-per-trial."
            )


@dataclass(frozen=True)
class Answer:
    """What one node says of itself.

    Attributes:
        versions: Of Python and of :data:`PACKAGES`; those that are missing there are left out.
        fast_bfloat16: Whether its CPU has instructions for it.
        cluster: Of the head of a cluster that ``ray up`` has made: name to ``(most, resources)`` of its worker types,
            and how many workers there may be.
    """

    name: str
    versions: Mapping[str, str]
    fast_bfloat16: bool
    cluster: tuple[Mapping[str, tuple[int, Mapping[str, float]]], int] | None


def here(name: str = "this machine") -> Answer:
    """Of the machine that this runs on."""
    versions = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return Answer(name, versions, _fast_bfloat16(), _cluster_file())


def ask_nodes() -> tuple[list[Answer], dict[str, str]]:
    """What each node of the session says, and why others did not answer, by the node's address."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ask: Any = ray.remote(num_cpus=0)(_Node)
    actors = [
        (
            node["NodeManagerAddress"],
            ask.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote(),
        )
        for node in ray.nodes()
        if node["Alive"]
    ]
    asked = {actor.about.remote(name): name for name, actor in actors}
    done, late = ray.wait(list(asked), num_returns=len(asked), timeout=ANSWER_SECONDS)
    answers, silent = [], {asked[one]: f"no answer in {ANSWER_SECONDS:g} s" for one in late}
    for one in done:
        try:
            answers.append(ray.get(one))
        except Exception as error:
            silent[asked[one]] = _reason(error)
    return sorted(answers, key=lambda answer: answer.name), silent


class _Node:
    """An actor, as trials are: where cluster and process differ over tokens, a task would run, an actor not."""

    def about(self, name: str) -> Answer:
        return here(name)


def machines(answers: Sequence[Answer] = ()) -> Machines:
    """Of the session; what an autoscaler may add is known from what nodes said."""
    import ray

    now = tuple(
        Offer(
            node["NodeManagerAddress"],
            1,
            node["Resources"].get("CPU", 0.0),
            node["Resources"].get("GPU", 0.0),
            node["Resources"].get("memory", 0.0),
        )
        for node in ray.nodes()
        if node["Alive"]
    )
    for answer in answers:
        if answer.cluster is not None:
            types, workers = answer.cluster
            most = [
                Offer(name, count, float(has.get("CPU", 0)), float(has.get("GPU", 0)), float(has.get("memory", 0)))
                for name, (count, has) in types.items()
            ]
            return Machines(now, tuple(most), workers)
    return Machines(now)


def _fast_bfloat16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_tile" in flags


def _cluster_file() -> tuple[dict[str, tuple[int, dict[str, float]]], int] | None:
    path = Path(_CLUSTER_FILE).expanduser()
    if not path.is_file():
        return None
    import yaml

    try:
        config: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        types = {
            str(name): (int(about.get("max_workers", 0)), dict(about.get("resources") or {}))
            for name, about in config["available_node_types"].items()
            if name != config.get("head_node_type")
        }
        return types, int(config.get("max_workers", 0))
    except (AttributeError, KeyError, OSError, TypeError, ValueError, yaml.YAMLError):
        return None


def _reason(error: Exception) -> str:
    """The last line that says something: Ray quotes the traceback of the other machine before it."""
    if "all references to the actor were removed" in str(error):
        return "its cluster asks for no token, but RAY_AUTH_MODE here says that it does"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:300]
