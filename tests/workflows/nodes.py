"""Several Ray nodes in one process tree: ``python nodes.py CPUS...`` starts a head without CPUs and a node for each
number, prints the address, and then obeys lines of its standard input: ``kill``, ``add CPUS``."""

import sys

from ray.cluster_utils import Cluster


def main() -> None:
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [cluster.add_node(num_cpus=int(cpus)) for cpus in sys.argv[1:]]
    print(cluster.address, flush=True)
    for line in sys.stdin:
        command, *cpus = line.split()
        if command == "kill":
            cluster.remove_node(nodes.pop(0), allow_graceful=False)
        else:
            nodes.append(cluster.add_node(num_cpus=int(cpus[0])))
    cluster.shutdown()


if __name__ == "__main__":
    main()
