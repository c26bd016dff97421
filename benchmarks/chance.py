"""What the statistics of comparisons are worth: errors, coverage and power, by simulation."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import numpy.typing as npt

from benchmarks.tables import markdown
from tune_dml.execution.this_machine import cores
from tune_dml.statistics.over_tasks import over_tasks, told_together
from tune_dml.statistics.paired import compare_paired
from tune_dml.statistics.power import power

Table = npt.NDArray[np.float64]
#: Standard deviations, in points: of a draw, which all arms share, and of an arm on it.
DRAW, ARM = 4.0, 2.0
#: Of each bootstrap; what users see has five times as many.
RESAMPLES = 2000
#: The planted difference.
PLANTED = 3.0
NOISE: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Table]] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "heavy tails (t, 4 df)": lambda rng, shape: rng.standard_t(4, shape) / np.sqrt(2),
    "skewed (exponential)": lambda rng, shape: rng.exponential(1, shape) - 1,
}


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks chance", description=__doc__)
    parser.add_argument("--draws", default="5,8,10")
    parser.add_argument("--arms", default="3,5,7")
    parser.add_argument("--comparisons", type=int, default=2000, help="simulated for each line")
    return parser


def main(arguments: list[str]) -> None:
    given = options().parse_args(arguments)
    draws, arms = ([int(n) for n in text.split(",")] for text in (given.draws, given.arms))
    jobs = [(n, k, noise, given.comparisons) for noise in NOISE for n in draws for k in arms]
    with ProcessPoolExecutor(cores()) as pool:
        rows = list(pool.map(_line, jobs))
    headers = (
        "noise", "draws", "arms", "false positives", "intervals cover", "power promised", "power", "tested",
    )  # fmt: skip
    print(markdown(headers, rows))
    jobs = [(tasks, n, between, given.comparisons) for between in (0.0, 2.0) for tasks in (3, 5, 7) for n in draws]
    with ProcessPoolExecutor(cores()) as pool:
        rows = list(pool.map(_line_of_tasks, jobs))
    headers = ("tasks", "draws", "tasks differ by, points", "intervals cover", "false positives, 3 arms", "7 arms")
    print("\n" + markdown(headers, rows))


def _line(job: tuple[int, int, str, int]) -> tuple[str, ...]:
    n, arms, noise, comparisons = job
    rng = np.random.default_rng([n, arms, len(noise)])
    wrong = covered = found = intervals = 0
    promised = []
    tested = False
    names = [f"arm {i}" for i in range(arms)]
    for _ in range(comparisons):
        scores = DRAW * rng.standard_normal(n) + ARM * NOISE[noise](rng, (arms, n))
        null = compare_paired(dict(zip(names, scores, strict=True)), names[0], 1.0, resamples=RESAMPLES)
        wrong += any(row.told for row in null)
        covered += sum(row.interval is not None and row.interval.low <= 0 <= row.interval.high for row in null)
        intervals += len(null)
        scores[1] += PLANTED
        row = compare_paired(dict(zip(names, scores, strict=True)), names[0], 1.0, resamples=RESAMPLES)[0]
        tested = row.p is not None
        found += row.told and row.mean > 0
        promised.append(power(PLANTED, row.spread or 0.0, n, arms - 1, estimated=True))
    return (
        noise,
        str(n),
        str(arms),
        f"{wrong / comparisons:.3f}",
        f"{covered / intervals:.3f}",
        f"{np.mean(promised):.2f}",
        f"{found / comparisons:.2f}",
        "signs" if tested else "Student's, interval",
    )


def _line_of_tasks(job: tuple[int, int, float, int]) -> tuple[str, ...]:
    tasks, n, between, comparisons = job
    rng = np.random.default_rng([tasks, n, int(between)])
    covered, wrong = 0, [0, 0]
    for _ in range(comparisons):
        # All arms are held against the same first one.
        scores = between / np.sqrt(2) * rng.standard_normal((7, tasks, 1)) + ARM * rng.standard_normal((7, tasks, n))
        rows = [
            over_tasks(str(arm), {str(task): row for task, row in enumerate(scores[arm] - scores[0])}, 1.0, RESAMPLES)
            for arm in range(1, 7)
        ]
        covered += sum(row.interval is not None and row.interval.low <= 0 <= row.interval.high for row in rows)
        for i, some in enumerate((rows[:2], rows)):
            wrong[i] += any(row.told for row in told_together(some))
    shares = (f"{count / comparisons:.3f}" for count in wrong)
    return str(tasks), str(n), f"{between:.0f}", f"{covered / comparisons / 6:.3f}", *shares
