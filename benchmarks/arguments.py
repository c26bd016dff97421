"""The options that every benchmark has."""

from __future__ import annotations

import argparse


def task_options(name: str, description: str | None) -> argparse.ArgumentParser:
    """A parser for benchmark ``name`` with ``--task`` and ``--data``."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {name}", description=description)
    parser.add_argument("--task", default="bbc")
    parser.add_argument("--data", help="as for tune-dml search")
    return parser
