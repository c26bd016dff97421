"""What the driver costs as the search grows: trials that only sleep, many slots, no torch in the workers."""

from __future__ import annotations

import argparse

from benchmarks.course import MEGABYTE, SPAN, Sleeping, run
from benchmarks.tables import machine, markdown
from tune_dml.execution import ray_session


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks scaling", description=__doc__)
    parser.add_argument(
        "--trials", default="1000,10000", help="with random sampling; the first also with TPE and MLflow"
    )
    parser.add_argument("--cases", default="random,tpe,mlflow")
    parser.add_argument("--seconds", type=float, default=0.02)
    parser.add_argument("--slots", type=int, default=8)
    parser.add_argument("--at-most", type=float, help="exit with 1 if a trial costs the driver more milliseconds")
    return parser


def main(arguments: list[str]) -> None:
    given = options().parse_args(arguments)
    counts = [int(count) for count in given.trials.split(",")]
    if min(counts) < 2 * SPAN:
        raise SystemExit(f"--trials: {2 * SPAN} at least")
    wanted = given.cases.split(",")
    cases = [("random", False, count) for count in counts if "random" in wanted]
    cases += [("tpe", False, counts[0])] * ("tpe" in wanted) + [("random", True, counts[0])] * ("mlflow" in wanted)
    rows, dearest = [], 0.0
    with ray_session(None, cpus=given.slots, gpus=0):
        for searcher, mlflow, count in cases:
            course = run(Sleeping(count, given.slots, given.seconds, searcher, mlflow))
            last = count - 1
            mean = course.milliseconds(0, last)
            dearest = max(dearest, mean)
            early, late = course.milliseconds(SPAN - 1, 2 * SPAN - 1), course.milliseconds(last - SPAN, last)
            growth = (course.memory[last] - course.memory[SPAN - 1]) / MEGABYTE
            in_use = last * given.seconds / given.slots / course.seconds(0, last)
            rows.append((
                searcher, "on" if mlflow else "off", count, f"{mean:.0f}", f"{early:.0f}", f"{late:.0f}",
                f"{late / early:.2f}", f"{growth:.0f}", f"{in_use:.2f}",
                "" if course.lag is None else f"{course.lag:.1f}",
            ))  # fmt: skip
    headers = (
        "sampler", "MLflow", "trials", "driver ms a trial", f"trials {SPAN} to {2 * SPAN}", f"last {SPAN}", "ratio",
        "memory growth, MB", "slots in use", "MLflow's lag, s",
    )  # fmt: skip
    print(markdown(headers, rows))
    print(f"\n{given.slots} slots, trials of {1000 * given.seconds:.0f} ms. {machine()}")
    if given.at_most is not None and dearest > given.at_most:
        raise SystemExit(f"a trial costs the driver {dearest:.0f} ms, more than {given.at_most:g}")
