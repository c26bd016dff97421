"""Trials that only sleep on 1, 2, 4 nodes of a cluster, all on this machine: how near to linear they scale."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from benchmarks.course import MEGABYTE, SPAN, Course, Sleeping, run
from benchmarks.tables import machine, markdown
from tune_dml.execution import ray_session

#: Trials a slot that come before those that count, while workers start.
WARM_UP = 4
#: What a node of this benchmark needs for objects; Ray would take a share of the machine's memory for each.
STORE_BYTES = 80 * MEGABYTE
#: Parts of a long search, one row each.
PARTS = 10


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks nodes", description=__doc__)
    parser.add_argument("--case", choices=("linear", "many"), default="linear", help="many: one long search")
    parser.add_argument("--nodes", default="1,2,4", help="of the linear case")
    parser.add_argument("--cpus", type=int, default=8, help="logical, of each node")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--each", type=int, default=12, help="trials a slot of the linear case, once workers are warm")
    parser.add_argument("--trials", type=int, default=5000, help="of the long search")
    parser.add_argument("--slots", type=int, default=50, help="of the long search")
    return parser


def main(arguments: list[str]) -> None:
    given = options().parse_args(arguments)
    about = many(given) if given.case == "many" else linear(given)
    print(f"\nTrials of {given.seconds:g} s, {about} The nodes of {given.cpus} logical CPUs share {machine()}")


def linear(given: argparse.Namespace) -> str:
    """As many trials a slot on each number of nodes."""
    rows, one = [], 0.0
    for nodes in (int(number) for number in given.nodes.split(",")):
        slots = nodes * given.cpus
        course = _course(given, nodes, slots, (WARM_UP + given.each) * slots)
        first, last = course.warm(slots), len(course.ends) - 1
        rate = (last - first) / course.seconds(first, last)
        one = one or rate / nodes
        rows.append((
            nodes, slots, last - first, f"{course.seconds(first, last):.1f}", f"{rate:.2f}",
            f"{rate * given.seconds / slots:.3f}", f"{rate / nodes / one:.3f}",
            f"{course.milliseconds(first, last):.1f}", f"{course.ends[first] - course.begun:.1f}",
        ))  # fmt: skip
    headers = (
        "nodes", "slots", "trials", "wall s", "trials/s", "share of slots / seconds", "share of the first row's rate",
        "driver ms a trial", "warm after, s",
    )  # fmt: skip
    print(markdown(headers, rows))
    return "counted from when every slot's worker has ended one (workers are warm) to the end of the last."


def many(given: argparse.Namespace) -> str:
    """One long search, part by part."""
    nodes = -(-given.slots // given.cpus)
    course = _course(given, nodes, given.slots, given.trials)
    bounds = [part * (given.trials - 1) // PARTS for part in range(PARTS + 1)]
    warm, last = course.warm(given.slots), given.trials - 1
    parts = [*pairwise(bounds), (warm, last)]
    rows = [
        (
            f"{start + 2} to {end + 1}", f"{course.ends[end] - course.begun:.0f}", f"{course.seconds(start, end):.1f}",
            f"{(end - start) * given.seconds / course.seconds(start, end):.1f}",
            f"{course.milliseconds(start, end):.1f}", f"{course.memory[end] / MEGABYTE:.0f}", course.workers[end],
        )
        for start, end in parts
    ]  # fmt: skip
    headers = (
        "trials", "at s", "wall s", "slots in use", "driver ms a trial", "driver's memory, MB", "workers so far",
    )  # fmt: skip
    print(markdown(headers, rows))
    span = min(SPAN, last - warm)
    early, late = course.milliseconds(warm, warm + span), course.milliseconds(last - span, last)
    return (
        f"{given.trials} over {given.slots} slots on {nodes} nodes; the last row is all from when every slot's worker "
        f"has ended one (workers are warm). The driver: {early:.1f} ms each for the first {span} of these, {late:.1f} "
        f"for the last {span}."
    )


def _course(given: argparse.Namespace, nodes: int, slots: int, trials: int) -> Course:
    with _cluster(nodes, given.cpus) as address, ray_session(address, cpus=0, gpus=0):
        return run(Sleeping(trials, slots, given.seconds, address=address))


@contextmanager
def _cluster(nodes: int, cpus: int) -> Iterator[str]:
    """A head without CPUs and so many nodes, each with a raylet of its own."""
    # All nodes share this machine: with Ray's niceness of 15, workers get next to nothing beside its own processes.
    os.environ.setdefault("RAY_worker_niceness", "0")
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": STORE_BYTES}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(nodes):
            cluster.add_node(num_cpus=cpus, object_store_memory=STORE_BYTES)
        yield cluster.address
    finally:
        cluster.shutdown()
