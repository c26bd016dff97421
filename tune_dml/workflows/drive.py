"""Run a prepared search to its end, from wherever its journal stands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tune_dml.config import SearchSettings, State, TrialRecord, command_for
from tune_dml.errors import EnvironmentFault
from tune_dml.evaluation import leader
from tune_dml.evaluation.confirm import confirm_job
from tune_dml.execution import interrupts, share, stop_ray
from tune_dml.execution.machines import machines
from tune_dml.reporting import SearchReport
from tune_dml.tracking import Tracker
from tune_dml.training.scoring import mean_scores
from tune_dml.tuning.jobs import Work
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.loop import Ended, Watch, missing, prepare, run_trials
from tune_dml.tuning.sampler import make_sampler
from tune_dml.workflows.assembly import assemble
from tune_dml.workflows.budget import TimeBudget
from tune_dml.workflows.closing import data_of, described, tell_mlflow, write_results
from tune_dml.workflows.confirming import Confirming
from tune_dml.workflows.full_disk import full_disk_explained
from tune_dml.workflows.loading import Prepared
from tune_dml.workflows.models import join_members
from tune_dml.workflows.output import Output, Progress
from tune_dml.workflows.workers import start_workers

#: Seconds that MLflow waits for the first round at most.
MLFLOW_PATIENCE = 30.0


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
    try:
        with interrupts(lambda: out.warn("stopping; press Ctrl-C again to stop at once.")) as stop:
            confirming = Confirming(prepared, journal, out, confirm=confirm_now)
            if search_first:
                prepare(journal, settings, prepared.space, about.encoder_size, about.max_length)
            if not search_first or missing(journal, settings) == ([], 0):
                confirming.fix()
            if confirming.has_ended:
                tracker.search_started(described(about))
            else:
                with _ray(settings, out):
                    tracker.search_started(described(about))
                    _run(prepared, journal, tracker, out, begun, stop.is_set, confirming, only_jobs=not search_first)
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
        if not tracker.close():
            out.warn(f"MLflow does not have everything yet. Later: {command_for('sync', folder)}")
        journal.close()


@contextmanager
def _ray(settings: SearchSettings, out: Output) -> Iterator[None]:
    start_workers(settings, settings.address, out.debug)
    try:
        if settings.address is None:
            machines().check_fits(settings.cpus_per_trial, settings.gpus_per_trial)
        yield
    finally:
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


def _run(
    prepared: Prepared,
    journal: Journal,
    tracker: Tracker,
    out: Output,
    begun: float,
    stopped: Callable[[], bool],
    confirming: Confirming,
    *,
    only_jobs: bool,
) -> None:
    about, settings = prepared.about, prepared.about.settings
    known = {r.name: r for kind in ("baseline", "trial") for r in journal.records(kind) if r.state != State.WAITING}
    budget = TimeBudget(prepared, begun, known)
    progress = Progress(out, settings.trials, about.rounds, time_left=budget.left, records=dict(known))

    def changed(record: TrialRecord) -> None:
        known[record.name] = record
        budget.changed(record)
        progress.changed(record)
        tracker.trial_changed(record)
        if record.kind == "trial" and record.state.value in ("COMPLETE", "PRUNED", "FAIL"):
            ended = [r for r in known.values() if r.kind == "trial" and r.state.value in ("COMPLETE", "PRUNED", "FAIL")]
            best = leader(ended, settings.metric, about.rounds, about.by_schedule)
            scores = mean_scores(best.rounds, about.by_schedule) if best is not None else None
            if scores is not None:
                tracker.best_score(len(ended), scores.as_dict()[settings.metric])

    def tick() -> None:
        progress.phase = confirming.progress
        progress.tick()

    for record in known.values():
        tracker.trial_changed(record)
    if not only_jobs:
        size = f"{settings.trials} trials of up to {about.rounds} rounds, {settings.concurrency} at a time"
        out.line(f"search: {settings.name} ({size})")
    # Not above: it imports Ray, which the session has to start first.
    from tune_dml.training.failures import gpu_works
    from tune_dml.tuning.trainable import help_trial, trial_rounds

    work = Work((share(prepared.workload), share(prepared.test)), trial_rounds, confirm_job, help_trial, gpu_works)
    watch = Watch(
        stopped,
        budget.is_spent,
        changed,
        tick,
        on_machines=lambda sentence: out.line(f"search: {sentence}"),
    )

    def run(only_jobs: bool) -> Ended:
        return run_trials(
            journal,
            settings,
            prepared.space,
            work,
            prepared.folder / "ray",
            watch,
            rounds=about.rounds,
            latest=about.by_schedule,
            follow_up=confirming.follow_up(),
            only_jobs=only_jobs,
        )

    with progress.showing():
        # Workers that were stopped in the middle of a round start anew.
        if run(only_jobs) == Ended.BUDGET:
            confirming.workers_stopped()
            run(only_jobs=True)
