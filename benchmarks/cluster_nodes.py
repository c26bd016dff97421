"""Several Ray nodes in one process tree, to be lost and added.

``python cluster_nodes.py CPUS...`` starts a head without CPUs and a node for each number, prints the address, and then
obeys lines of its standard input: ``kill INDEX`` and ``add CPUS``.
"""

from __future__ import annotations

import os
import subprocess
import sys


class Nodes:
    """A head and two nodes of one CPU each, in a process of their own."""

    def __init__(self) -> None:
        # No token, whatever a session of this process has had; and not the niceness of 15, which leaves workers next
        # to nothing beside whatever else computes.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH_")}
        environment["RAY_worker_niceness"] = "0"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen([sys.executable, __file__, "1", "1"], env=environment, text=True, **pipes)
        assert self._process.stdout is not None
        self.pid = self._process.pid
        self.address = self._process.stdout.readline().strip()

    def kill(self, index: int = 0) -> None:
        """Kill every process of a node, without a warning."""
        self._tell(f"kill {index}")

    def add(self) -> None:
        """Add a node of one CPU."""
        self._tell("add 1")

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)

    def _tell(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()


def main() -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [cluster.add_node(num_cpus=int(cpus)) for cpus in sys.argv[1:]]
    print(cluster.address, flush=True)
    for line in sys.stdin:
        command, number = line.split()
        if command == "kill":
            cluster.remove_node(nodes.pop(int(number)), allow_graceful=False)
        else:
            # On a busy machine waiting for it may take longer than Ray allows.
            nodes.append(cluster.add_node(wait=False, num_cpus=int(number)))
    cluster.shutdown()


if __name__ == "__main__":
    main()
