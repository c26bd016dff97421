"""Joining a cluster: its machines are asked before a search is planned for them."""

from __future__ import annotations

from dataclasses import dataclass

from tune_dml.cluster.workers import start_workers
from tune_dml.execution.machines import Machines, ask_nodes, here, machines
from tune_dml.execution.preflight import check_nodes, raise_if_wrong
from tune_dml.reporting.output import Output


@dataclass(frozen=True)
class Cluster:
    """A cluster that was joined.

    Attributes:
        fast_bfloat16: Whether the CPUs of all nodes have instructions for it.
    """

    machines: Machines
    fast_bfloat16: bool


def join(address: str, out: Output) -> Cluster:
    """Join the cluster at ``address``; ``stop_ray`` is the caller's.

    Raises:
        EnvironmentFault: it cannot be joined, or a node could not run what this machine would send it.
    """
    start_workers(None, address, out)
    answers, silent = ask_nodes()
    if answers:
        # Lost a moment ago, perhaps, and not known to be: the cluster does without them.
        for name in [name for name, reason in silent.items() if "No module named" not in reason]:
            del silent[name]
            out.warn(f"node {name} does not answer; the search goes on without it.")
    raise_if_wrong(check_nodes(here(), answers, silent))
    return Cluster(machines(answers), all(answer.fast_bfloat16 for answer in answers))
