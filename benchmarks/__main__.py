"""``python -m benchmarks NAME [options]``."""

from __future__ import annotations

import argparse
import importlib

NAMES = {
    "alone": "what each metric loss teaches by itself, above the frozen probe",
    "chance": "what the statistics of comparisons are worth, by simulation",
    "efficiency": "what the harness costs: a search beside plain PyTorch loops over the same configurations",
    "epochs": "test accuracy against passes over the training texts, for every loss",
    "faults": "random faults in real searches: nothing lost, nothing doubled, equal scores",
    "gpu": "a large encoder on one GPU: steps, packed trials (skipped where there is none)",
    "losses": "every loss with its default hyperparameters on two tasks",
    "nodes": "trials that only sleep on 1, 2 and 4 nodes of a cluster on this machine",
    "peers": "the same configurations in the searches of transformers and SetFit",
    "prefix": "step time against the number of trained layers",
    "ranges": "the ends of the ranges that losses have in their search spaces",
    "scaling": "what a trial costs the driver as the search grows",
    "start": "seconds from the command to the first training step",
    "whole": "whole searches: this tool's and an Optuna study over transformers' Trainer",
}


def main() -> None:
    listed = "\n".join(f"  {name:12}{what}" for name, what in NAMES.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", formatter_class=argparse.RawDescriptionHelpFormatter, epilog=listed
    )
    parser.add_argument("name", choices=NAMES, metavar="NAME")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="NAME --help lists them")
    given = parser.parse_args()
    module = importlib.import_module(f"benchmarks.{given.name}")
    module.main(given.rest)


if __name__ == "__main__":
    main()
