"""Step time against trained layers: what lies below is run once per text and kept."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

from benchmarks.arguments import task_options
from benchmarks.tables import machine, markdown
from tune_dml.driver.preparation import prepare_new
from tune_dml.driver.request import SearchRequest
from tune_dml.recipe import Configuration
from tune_dml.reporting.output import silent
from tune_dml.training.fit import fit_once
from tune_dml.training.workload import Workload, baseline, single_thread


def options() -> argparse.ArgumentParser:
    parser = task_options("prefix", __doc__)
    parser.add_argument("--encoder", default="all-MiniLM-L6-v2")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    return parser


def main(arguments: list[str]) -> None:
    given = options().parse_args(arguments)
    single_thread()
    request = SearchRequest(task=given.task, shots=50, data=given.data, encoder=given.encoder)
    workload = prepare_new(request, silent()).workload
    depth = len({name.split("layer.")[1].split(".")[0] for name in workload.encoder.state if "layer." in name})
    config = Configuration(loss="supcon", beta=0.1, epochs=given.epochs)
    _seconds(workload, replace(config, epochs=1))
    # Every layer count once, then all again: a busy spell of the machine does not meet only one of them.
    runs = [
        {k: _seconds(workload, replace(config, trainable_layers=k)) for k in range(1, depth + 1)}
        for _ in range(given.repeats)
    ]
    best = {k: min(run[k] for run in runs) for k in range(1, depth + 1)}
    probe = min(_seconds(workload, baseline("probe", "small", 128)) for _ in range(given.repeats))
    rows = [(0, "", "", "", f"{probe:.2f}")] + [
        (k, f"{1000 * best[k] / _steps(workload, config):.0f}", f"{best[k] / best[depth]:.2f}", f"{k / depth:.2f}", "")
        for k in best
    ]
    print(markdown(("trained layers", "ms per step", "of all layers' time", "ideal", "whole trial, s"), rows))
    print(f"\n{given.task}, 50 shots, batch {config.batch_size}, one thread, {workload.precision}. {machine()}")


def _steps(workload: Workload, config: Configuration) -> int:
    return config.epochs * -(-len(workload.labels) // config.batch_size)


def _seconds(workload: Workload, config: Configuration) -> float:
    begun = time.perf_counter()
    fit_once(
        config, workload.encoder, workload.examples(), {},
        seed=0, precision=workload.precision,
    )  # fmt: skip
    return time.perf_counter() - begun
