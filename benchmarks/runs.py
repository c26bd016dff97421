"""Runs that are kept one by one in a file, so that a benchmark which was stopped goes on where it was."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from tune_dml.execution.this_machine import cores

Job = tuple[Any, ...]


def kept_runs(jobs: Sequence[Job], run: Callable[..., Any], file: Path) -> dict[Job, Any]:
    """``run(*job)`` of each job, side by side, one per core; those in ``file`` are not repeated.

    Args:
        run: A module's function; what it returns is kept as JSON.
    """
    done: dict[Job, Any] = {}
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():
        done = {tuple(line["job"]): line["result"] for line in map(json.loads, file.read_text().splitlines())}
    missing = [job for job in jobs if job not in done]
    with ProcessPoolExecutor(cores()) as pool, file.open("a") as out:
        running = {pool.submit(run, *job): job for job in missing}
        for number, future in enumerate(as_completed(running), 1):
            job = running[future]
            done[job] = future.result()
            print(json.dumps({"job": job, "result": done[job]}), file=out, flush=True)
            print(f"{number} of {len(missing)}: {' '.join(map(str, job))}", file=sys.stderr)
    return {job: done[job] for job in jobs}
