"""The trial loop of a prepared search, with what it shows, and its time budget."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from tune_dml.config import State, TrialRecord
from tune_dml.driver.budget import TimeBudget
from tune_dml.driver.confirming import Confirming
from tune_dml.driver.prepared import Prepared
from tune_dml.evaluation import EncoderRace, leader
from tune_dml.evaluation.soups import worker_job
from tune_dml.execution import share, whereabouts
from tune_dml.reporting.output import Output, Progress
from tune_dml.tracking import Tracker
from tune_dml.training.scoring import mean_scores
from tune_dml.tuning.jobs import Work
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.loop import Ended, Watch, run_trials
from tune_dml.tuning.proposals import Proposals


def run(
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
    """Run the trials that are missing, then what ``confirming`` has, in a session of Ray that has begun.

    Args:
        begun: ``time.monotonic()`` at the start of the command, for the time budget.
        stopped: Whether the user wants to stop.
        only_jobs: No trials.
    """
    about, settings = prepared.about, prepared.about.settings
    known = {r.name: r for kind in ("baseline", "trial") for r in journal.records(kind) if r.state != State.WAITING}
    budget = TimeBudget(prepared, begun, known)
    progress = Progress(
        out,
        settings.trials,
        about.rounds,
        about.task_kind.target.metric,
        time_left=budget.left,
        baselines=len(settings.baselines) * len(prepared.encoders),
        records=dict(known),
    )

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
                tracker.best_score(len(ended), scores[settings.metric])

    def tick() -> None:
        progress.phase = confirming.progress
        progress.tick()

    for record in known.values():
        tracker.trial_changed(record)
    if not only_jobs:
        size = f"{settings.trials} trials of up to {about.rounds} rounds, {settings.concurrency} at a time"
        out.line(f"search: {settings.name} ({size})")
        if len(prepared.encoders) > 1:
            out.line(f"encoders: {', '.join(one.encoder.key for one in prepared.encoders)}")
    # Not above: it imports Ray, which the session has to start first.
    from tune_dml.training.failures import gpu_works
    from tune_dml.tuning.trainable import help_trial, trial_rounds

    shared = {one.encoder.key: (share(one.workload), share(one.test)) for one in prepared.encoders}
    work = Work(shared, trial_rounds, worker_job, help_trial, gpu_works)
    watch = Watch(
        stopped,
        budget.is_spent,
        changed,
        tick,
        on_machines=lambda sentence: out.line(f"search: {sentence}"),
        on_waiting=out.warn,
        where=whereabouts,
        # Once, though the loop may run twice.
        on_lack=cache(out.warn),
    )

    def trials_or(only_jobs: bool) -> Ended:
        return run_trials(
            journal,
            settings,
            proposals_of(prepared, journal),
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
        if trials_or(only_jobs) == Ended.BUDGET:
            confirming.workers_stopped()
            trials_or(only_jobs=True)


def proposals_of(prepared: Prepared, journal: Journal) -> Proposals:
    """Where the trials of a search come from."""
    about, encoders = prepared.about, prepared.encoders
    race = None
    if len(encoders) > 1:
        parameters = {one.encoder.key: one.workload.encoder.body for one in encoders}
        labels, kind, metric = about.heldout_labels(), about.task_kind, about.settings.metric
        race = EncoderRace(parameters, labels, kind, metric, about.rounds, about.by_schedule)
    return Proposals(journal, {one.encoder.key: one.space for one in encoders}, race)
