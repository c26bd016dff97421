"""The course of a search whose trials only sleep: what it costs the driver, and how busy its slots are."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.sleeping import WORKER, sleep
from tune_dml.config import DrawSettings, SearchSettings, State, TaskSettings, TrialRecord
from tune_dml.execution import share
from tune_dml.spaces import load_space
from tune_dml.tracking import Tracker
from tune_dml.tuning.jobs import Work
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.loop import Watch, run_trials
from tune_dml.tuning.proposals import Proposals
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


@dataclass(frozen=True)
class Sleeping:
    """A search of ``trials`` that sleep for ``seconds`` each, ``slots`` at a time, here or at ``address``."""

    trials: int
    slots: int
    seconds: float
    searcher: str = "random"
    mlflow: bool = False
    address: str | None = None


@dataclass
class Course:
    """What is noted whenever a trial ends, the first at position 0.

    Attributes:
        begun: ``time.monotonic()`` before the first trial.
        ends: The same, at each trial's end.
        cpu: Seconds of processor time of the driver.
        memory: Its bytes.
        workers: How many processes have ended a trial.
        lag: Seconds that MLflow needed after the last trial.
    """

    begun: float = field(default_factory=time.monotonic)
    ends: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    workers: list[int] = field(default_factory=list)
    lag: float | None = None
    _seen: set[float] = field(default_factory=set)

    def ended(self, worker: float) -> None:
        """A trial has, in the process ``worker``."""
        self._seen.add(worker)
        self.ends.append(time.monotonic())
        self.cpu.append(time.process_time())
        self.memory.append(_resident())
        self.workers.append(len(self._seen))

    def seconds(self, start: int, end: int) -> float:
        """Between the ends of the trials at positions ``start`` and ``end``."""
        return self.ends[end] - self.ends[start]

    def milliseconds(self, start: int, end: int) -> float:
        """Of the driver, for each trial after ``start`` up to ``end``."""
        return 1000 * (self.cpu[end] - self.cpu[start]) / (end - start)

    def warm(self, slots: int) -> int:
        """The position from which on a worker for each slot had run a trial.

        Raises:
            SystemExit: there were never so many.
        """
        if self.workers[-1] < slots:
            raise SystemExit(f"only {self.workers[-1]} of {slots} workers have started: give more --trials")
        return next(position for position, count in enumerate(self.workers) if count >= slots)


def run(search: Sleeping) -> Course:
    """In the Ray session that is there."""
    with tempfile.TemporaryDirectory() as folder:
        space_file = Path(folder) / "space.yaml"
        space_file.write_text(SPACE)
        settings = SearchSettings(
            name="sleeping",
            task=TaskSettings("sleep"),
            draw=DrawSettings(),
            encoder="none",
            space=str(space_file),
            trials=search.trials,
            searcher=search.searcher,
            scheduler="none",
            concurrency=search.slots,
            address=search.address,
            results=folder,
        )
        journal = Journal(Path(folder), make_sampler(settings, 0))
        tracker = Tracker(settings, Path(folder), on_warning=print) if search.mlflow else None
        if tracker is not None:
            tracker.search_started({"task": "sleep"})
        course = Course()

        def changed(record: TrialRecord) -> None:
            if tracker is not None:
                tracker.trial_changed(record)
            if record.state == State.COMPLETE:
                course.ended(record.rounds[0].diagnostics[WORKER])

        watch = Watch(lambda: False, lambda: False, changed, lambda: None)
        work = Work({"": (share(search.seconds),)}, sleep)
        proposals = Proposals(journal, {"": load_space(str(space_file), ())})
        run_trials(journal, settings, proposals, work, Path(folder) / "ray", watch, rounds=1, latest=True)
        if tracker is not None:
            begun = time.monotonic()
            assert tracker.close(600), "MLflow has not caught up"
            course.lag = time.monotonic() - begun
        journal.close()
    return course


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
