"""Run a prepared search to its end, from wherever its journal stands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tune_dml.cluster.workers import start_workers
from tune_dml.config import SearchSettings, command_for
from tune_dml.driver.closing import data_of, described, tell_mlflow, write_results
from tune_dml.driver.confirming import Confirming
from tune_dml.driver.full_disk import full_disk_explained
from tune_dml.driver.prepared import Prepared
from tune_dml.driver.run import run
from tune_dml.driver.winner_model import join_members
from tune_dml.errors import EnvironmentFault
from tune_dml.execution import done_or_left, has_left, interrupts, leave_ray, stop_ray
from tune_dml.execution.machines import machines
from tune_dml.reporting import SearchReport
from tune_dml.reporting.output import Output
from tune_dml.results.assembly import assemble
from tune_dml.tracking import Tracker
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.loop import missing, prepare
from tune_dml.tuning.sampler import make_sampler

#: Seconds that MLflow waits for the first round at most.
MLFLOW_PATIENCE = 30.0
#: Seconds that the trial loop has to end after Ctrl-C.
STOP_PATIENCE = 30.0


@dataclass(frozen=True)
class Finished:
    """How a search ended.

    Attributes:
        interrupted: By Ctrl-C: ``resume`` goes on.
    """

    report: SearchReport
    interrupted: bool


def drive(prepared: Prepared, out: Output, *, begun: float, confirm_now: bool, search_first: bool = True) -> Finished:
    """Run the trials that are missing, then confirm, then write everything.

    Args:
        begun: ``time.monotonic()`` at the start of the command, for the time budget.
        confirm_now: Whether to confirm.
        search_first: Whether to run trials that are missing.

    Raises:
        EnvironmentFault: no trial gave a score, or the disk is full.
    """
    with full_disk_explained(prepared.folder):
        return _drive(prepared, out, begun, confirm_now, search_first)


def _drive(prepared: Prepared, out: Output, begun: float, confirm_now: bool, search_first: bool) -> Finished:
    about, settings, folder = prepared.about, prepared.about.settings, prepared.folder
    journal = Journal(folder, make_sampler(settings, _ended(folder)))
    for note in journal.notes:
        out.line(f"results: {note}")
    root, data = Path(settings.results), data_of(about)
    tracker = Tracker(settings, root, on_warning=out.warn, patience=MLFLOW_PATIENCE, data=data)
    with interrupts(lambda: out.warn("stopping; press Ctrl-C again to stop at once."), exits=out.exits) as stop:
        out.may_wait = stop.left
        try:
            confirming = Confirming(prepared, journal, out, confirm=confirm_now)
            if search_first:
                prepare(journal, settings, [one.arm for one in prepared.encoders])
            if not search_first or missing(journal, settings) == ([], 0):
                confirming.fix()
            if confirming.has_ended:
                tracker.search_started(described(about))
            else:
                with _ray(settings, out):
                    tracker.search_started(described(about))

                    def work() -> None:
                        run(
                            prepared,
                            journal,
                            tracker,
                            out,
                            begun,
                            stop.is_set,
                            confirming,
                            only_jobs=not search_first,
                        )

                    if not done_or_left(work, stop, STOP_PATIENCE):
                        leave_ray(exits=out.exits)
            join_members(folder)
            interrupted = stop.is_set()
            # Only here, with the winner fixed and on disk, are test labels looked at.
            labels = prepared.test_labels if confirm_now or journal.confirm_runs() else None
            seconds = time.monotonic() - begun
            report = assemble(about, folder, journal, labels, interrupted=interrupted, seconds=seconds)
            report = write_results(report, about, journal, labels)
            tell_mlflow(tracker, report, about)
            if not interrupted and report.winner is None:
                reasons = ", ".join(f"{n} {reason}" for reason, n in report.failed.items()) or "none has a score"
                raise EnvironmentFault(f"No trial of '{settings.name}' gave a score ({reasons}); see {folder}.")
            return Finished(report, interrupted)
        finally:
            if not tracker.close(may_wait=out.may_wait):
                out.warn(f"MLflow does not have everything yet. Later: {command_for('sync', folder)}")
            journal.close()


@contextmanager
def _ray(settings: SearchSettings, out: Output) -> Iterator[None]:
    start_workers(settings, settings.address, out)
    try:
        if settings.address is None:
            machines().check_fits(settings.cpus_per_trial, settings.gpus_per_trial)
        yield
    finally:
        if not has_left():
            stop_ray()


def _ended(folder: Path) -> int:
    """How many trials the journal has: the sampler's seed depends on it."""
    if not (folder / "study.log").exists():
        return 0
    try:
        return len(Journal(folder, write=False).records())
    except Exception:
        # A torn last line: it is repaired when the journal is opened for writing.
        return 1
