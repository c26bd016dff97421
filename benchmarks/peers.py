"""The same eight cross-entropy configurations in this tool's search and in those of transformers and SetFit."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.arguments import task_options
from benchmarks.tables import machine, markdown
from tune_dml.data import SINGLE, draw_shots, load_task, make_folds
from tune_dml.driver.options import draw_settings, task_settings
from tune_dml.driver.request import SearchRequest
from tune_dml.execution.this_machine import cores
from tune_dml.models.encoder_source import find_encoder
from tune_dml.models.precision import default_precision

SPACE = """
loss: ce
lr: {{float: [1.0e-5, 1.0e-3], log: true}}
epochs: {epochs}
batch_size: 16
first:
{first}
"""


def options() -> argparse.ArgumentParser:
    parser = task_options("peers", __doc__)
    parser.add_argument("--encoder", default="all-MiniLM-L6-v2")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--shots", type=int, default=50)
    return parser


def main(arguments: list[str]) -> None:
    given = options().parse_args(arguments)
    rates = [float(f"{rate:.3g}") for rate in np.geomspace(5e-5, 2e-4, given.trials)]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        job = _job(given, rates)
        # CPUs without instructions for bfloat16 emulate it, dozens of times slower.
        precisions = ["bfloat16", "float32"] if default_precision("cpu") == "bfloat16" else ["float32"]
        for precision in precisions:
            command = _own_command(given, rates, scratch / precision, precision)
            # Its search brings the reference cross entropy along: one more run of the same size.
            rows.append(("tune-dml", precision, given.trials + 1, *_measured([command])))
        for precision in precisions:
            path = scratch / f"job-{precision}.json"
            path.write_text(json.dumps({**job, "bf16": precision == "bfloat16"}))
            # Its Optuna backend knows one process: two of them share the rates, as two slots do.
            for name, parts in (("optuna", cores()), ("ray", 1)):
                rows.append((f"transformers, {name}", precision, given.trials, *_measured(_rival(name, path, parts))))
        setfit = _measured(_rival("setfit", scratch / "job-float32.json", cores()))
        rows.append(("SetFit, optuna", "float32", given.trials, *setfit))
    own = {precision: busy / runs for tool, precision, runs, busy, _ in rows if tool == "tune-dml"}
    table = [
        (
            tool,
            precision,
            runs,
            f"{busy:.0f}",
            f"{wall:.0f}",
            f"{busy / runs:.1f}",
            f"{busy / runs / own[precision]:.2f}",
        )
        for tool, precision, runs, busy, wall in rows
    ]
    headers = (
        "search",
        "precision",
        "training runs",
        "core-seconds",
        "wall seconds",
        "core-seconds a run",
        "the same, tune-dml = 1",
    )
    print(markdown(headers, table))
    print(
        f"\n{given.task}, {len(job['train'])} training and {len(job['heldout'])} held-out texts, {given.trials} "
        f"learning rates, {given.epochs} epochs, batch 16, {given.encoder}, {cores()} slots of one thread. {machine()}"
    )


def _job(given: argparse.Namespace, rates: list[float]) -> dict[str, object]:
    request = _request(given)
    task = load_task(task_settings(request))
    draw = draw_settings(request)
    split = task.train.take(draw_shots(task.train, SINGLE, draw))
    [fold] = make_folds(split, SINGLE, draw, None)

    def rows(positions: np.ndarray) -> list[tuple[str, int]]:
        return [(split.texts[i], int(split.labels[i])) for i in positions]

    return {
        "encoder": str(find_encoder(given.encoder).folder),
        "train": rows(fold.train),
        "heldout": rows(fold.heldout),
        "classes": len(task.label_names),
        "rates": rates,
        "epochs": given.epochs,
        "batch_size": 16,
    }


def _request(given: argparse.Namespace) -> SearchRequest:
    return SearchRequest(
        task=given.task, shots=given.shots, data=given.data, encoder=given.encoder, validation="holdout"
    )


def _own_command(given: argparse.Namespace, rates: list[float], results: Path, precision: str) -> list[str]:
    results.mkdir()
    first = "\n".join(f"  - {{lr: {rate}}}" for rate in rates)
    (results / "space.yaml").write_text(SPACE.format(epochs=given.epochs, first=first))
    command = [sys.executable, "-m", "tune_dml", "search", "--task", given.task, "--shots", str(given.shots), "-q"]
    command += ["--encoder", given.encoder, "--validation", "holdout", "--space", str(results / "space.yaml")]
    command += ["--trials", str(len(rates)), "--scheduler", "none", "--no-confirm", "--precision", precision]
    return [*command, "--results", str(results), *(["--data", given.data] if given.data else [])]


def _rival(name: str, job: Path, parts: int) -> list[list[str]]:
    command = [sys.executable, "-m", "benchmarks.rivals", name, str(job), "--parts", str(parts)]
    return [[*command, "--part", str(part)] for part in range(parts)]


def _measured(commands: list[list[str]]) -> tuple[float, float]:
    """Core-seconds of the machine and wall seconds while ``commands`` run side by side, starts and ends included.

    The whole machine's, because Ray's workers are nobody's children: nothing else should run meanwhile.
    """
    begun, before = time.monotonic(), _busy()
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]
    if any([process.wait() for process in running]):
        raise SystemExit(f"{' '.join(commands[0])} failed")
    busy, wall = _busy() - before, time.monotonic() - begun
    print(f"{' '.join(commands[0][1:])}: {busy:.0f} core-seconds, {wall:.0f} s", file=sys.stderr)
    return busy, wall


def _busy() -> float:
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, *_ = map(int, file.readline().split()[1:])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
