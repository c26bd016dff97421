"""What the driver costs as the search grows: trials that only sleep, many slots, no torch in the workers."""

from __future__ import annotations

import argparse
import dataclasses
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.sleeping import sleep
from benchmarks.tables import machine, markdown
from tune_dml.config import DrawSettings, SearchSettings, TaskSettings, TrialRecord
from tune_dml.execution import ray_session, share
from tune_dml.spaces import load_space
from tune_dml.tracking import Tracker
from tune_dml.tuning.jobs import Work
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.loop import Watch, run_trials
from tune_dml.tuning.sampler import make_sampler

SPACE = """
loss: {choices: [ce, supcon, softtriple, proxy_anchor]}
lr: {float: [1.0e-5, 1.0e-3], log: true}
beta: {float: [0.1, 0.9], when: {loss: [supcon, softtriple, proxy_anchor]}}
softtriple: {centers: {int: [1, 8]}}
supcon: {temperature: {float: [0.05, 0.5], log: true}}
"""
MEGABYTE = 2**20
#: Trials over which the driver's cost is averaged, at the begin and at the end.
SPAN = 100


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


@dataclass
class Course:
    """What is noted while trials end.

    Attributes:
        cpu: Seconds of processor time of the driver at each trial's end.
        memory: Its bytes.
        ends: ``time.monotonic()``.
        lag: Seconds that MLflow needed after the last trial.
    """

    cpu: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    lag: float | None = None

    def ended(self) -> None:
        self.cpu.append(time.process_time())
        self.memory.append(_resident())
        self.ends.append(time.monotonic())

    def per_trial(self, end: int) -> float:
        """Milliseconds of the driver for a trial, over the :data:`SPAN` trials before number ``end``."""
        start = max(0, end - SPAN - 1)
        return 1000 * (self.cpu[end - 1] - self.cpu[start]) / (end - 1 - start)


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
            course = _measured(searcher, mlflow, count, given)
            wall = course.ends[-1] - course.ends[0]
            mean = 1000 * (course.cpu[-1] - course.cpu[0]) / (count - 1)
            dearest = max(dearest, mean)
            early, late = course.per_trial(2 * SPAN), course.per_trial(count)
            growth = (course.memory[-1] - course.memory[SPAN - 1]) / MEGABYTE
            rows.append((
                searcher, "on" if mlflow else "off", count, f"{mean:.0f}", f"{early:.0f}", f"{late:.0f}",
                f"{late / early:.2f}", f"{growth:.0f}", f"{(count - 1) * given.seconds / given.slots / wall:.2f}",
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


def _measured(searcher: str, mlflow: bool, count: int, given: argparse.Namespace) -> Course:
    course = Course()
    with tempfile.TemporaryDirectory() as folder:
        space_file = Path(folder) / "space.yaml"
        space_file.write_text(SPACE)
        settings = SearchSettings(
            name="scaling",
            task=TaskSettings("sleep"),
            draw=DrawSettings(),
            encoder="none",
            space=str(space_file),
            trials=count,
            searcher=searcher,
            scheduler="none",
            concurrency=given.slots,
            results=folder,
        )
        journal = Journal(Path(folder), make_sampler(settings, 0))
        tracker = Tracker(settings, Path(folder), on_warning=print) if mlflow else None
        if tracker is not None:
            tracker.search_started({"task": "sleep"})

        def changed(record: TrialRecord) -> None:
            if tracker is not None:
                tracker.trial_changed(record)
            if record.state.value == "COMPLETE":
                course.ended()

        watch = Watch(lambda: False, lambda: False, changed, lambda: None)
        work = Work((share(given.seconds),), sleep)
        space = load_space(str(space_file), ())
        run_trials(journal, settings, space, work, Path(folder) / "ray", watch, rounds=1, latest=True)
        if tracker is not None:
            begun = time.monotonic()
            assert tracker.close(600), "MLflow has not caught up"
            course.lag = time.monotonic() - begun
        journal.close()
    return dataclasses.replace(course)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
