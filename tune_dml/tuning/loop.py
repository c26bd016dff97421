"""The trial loop: Ray Tune schedules, the journal's sampler proposes, ASHA stops."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from tune_dml.config import SearchSettings, State, TrialRecord
from tune_dml.execution.slow_start import Patience
from tune_dml.spaces import complete
from tune_dml.training.workload import baseline
from tune_dml.tuning.jobs import FollowUp, Work
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.lost import MOST_LOSSES
from tune_dml.tuning.proposals import Arm, Proposals


class Ended(StrEnum):
    """Why the trial loop ended."""

    FINISHED = "finished"
    BUDGET = "budget"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Watch:
    """What the loop asks and tells while it runs.

    Attributes:
        interrupted: Whether the user wants to stop.
        out_of_time: Whether what is left of the time budget is needed for confirm.
        on_change: Called with the record after every change of a trial.
        on_tick: Called several times a second.
        on_machines: Called with a sentence where machines have joined, or one is no longer used.
        on_waiting: Called with a sentence where no worker takes a trial for long.
        where: What may be looked at then.
        on_lack: Called with a sentence where this version of Ray lacks what a part of the loop rests on.
    """

    interrupted: Callable[[], bool]
    out_of_time: Callable[[], bool]
    on_change: Callable[[TrialRecord], None]
    on_tick: Callable[[], None]
    on_machines: Callable[[str], None] = lambda sentence: None
    on_waiting: Callable[[str], None] = lambda sentence: None
    where: Callable[[], str] = lambda: ""
    on_lack: Callable[[str], None] = lambda sentence: None


def prepare(journal: Journal, settings: SearchSettings, arms: Sequence[Arm]) -> None:
    """Put each encoder's baselines, and what the space of an only encoder begins with, into the journal, as far as they
    are not there."""
    there = {record.name for record in journal.records("baseline")}
    for number, arm in enumerate(arms):
        for name in settings.baselines:
            config = baseline(name, arm.size, arm.max_length, arm.representation, arm.kind)
            called = f"{name} ({arm.key})" if number else name
            if called not in there:
                journal.add_baseline(called, replace(config, encoder=arm.key or None).to_dict())
    if len(arms) == 1:
        have = len(journal.records())
        for row in arms[0].space.first[have : settings.trials]:
            journal.enqueue(complete(row, arms[0].space))


def missing(journal: Journal, settings: SearchSettings) -> tuple[list[tuple[str, int]], int]:
    """What is still to be run: ``(kind, number)`` of what is RUNNING, baselines first, and how many new trials."""
    trials = journal.records()
    again = [("baseline", r.number) for r in journal.records("baseline") if r.state == State.RUNNING]
    again += [("trial", r.number) for r in trials if r.state == State.RUNNING]
    return again, max(0, settings.trials - sum(r.state != State.WAITING for r in trials))


def run_trials(
    journal: Journal,
    settings: SearchSettings,
    proposals: Proposals,
    work: Work,
    scratch: Path,
    watch: Watch,
    *,
    rounds: int,
    latest: bool,
    follow_up: FollowUp | None = None,
    only_jobs: bool = False,
) -> Ended:
    """Run what is missing: baselines, trials that were RUNNING, new trials; then jobs, in the same workers.

    Args:
        proposals: Where new trials come from.
        scratch: Ray Tune's folder; written, never read back, removed afterwards.
        rounds, latest: That a complete trial has; whether the latest counts instead of their mean.
        only_jobs: No trials, whatever is missing.

    Raises:
        Exception: whatever kept the driver from storing what it was told; trials that ran are RUNNING in the journal.
    """
    from ray import tune
    from ray.tune.search import ConcurrencyLimiter

    from tune_dml.tuning.gpu_checks import GpuChecks
    from tune_dml.tuning.growth import Growth
    from tune_dml.tuning.ray_insides import Insides
    from tune_dml.tuning.recorder import Recorder
    from tune_dml.tuning.scheduler import AllRounds, RoundsASHA
    from tune_dml.tuning.searcher import StudySearcher
    from tune_dml.tuning.stopping import WhenTold

    again, new = ([], 0) if only_jobs else missing(journal, settings)
    if not again and not new and follow_up is None:
        return Ended.FINISHED
    # Where rounds are parts of one schedule, each needs the one before.
    helpers = work.helper is not None and not latest
    insides = Insides(settings.concurrency, settings.address is None, helpers, watch.on_lack)
    scheduler: AllRounds | RoundsASHA = AllRounds(insides)
    if settings.scheduler == "asha":
        scheduler = RoundsASHA(rounds, insides)
        scheduler.refill(journal.records(), settings.metric, latest)
    run_name = f"run-{uuid.uuid4().hex}"
    searcher = StudySearcher(
        journal,
        proposals,
        metric=settings.metric,
        latest=latest,
        rounds=rounds,
        again=again,
        new_trials=new,
        on_change=watch.on_change,
        follow_up=follow_up,
        stopping=watch.interrupted,
        boards=run_name if insides.helpers else None,
    )
    if isinstance(scheduler, RoundsASHA) and proposals.of_several:
        scheduler.is_out = searcher.is_out

    limiter = ConcurrencyLimiter(searcher, max_concurrent=settings.concurrency)
    trial = settings.cpus_per_trial, settings.gpus_per_trial
    growth = Growth(limiter, insides, *trial, watch.on_machines)
    gpu_checks = GpuChecks(work.gpu_works, *trial, watch.on_machines)

    def out_of_time() -> bool:
        return not searcher.trials_over and watch.out_of_time()

    recorder, patience = Recorder(searcher, gpu_checks), Patience(watch.on_waiting)

    def told() -> bool:
        watch.on_tick()
        if not recorder.begun:
            patience.look("No worker has taken a trial", watch.where())
        if settings.elastic:
            growth.look()
        gpu_checks.look()
        return watch.interrupted() or out_of_time() or searcher.fault is not None

    trainable = tune.with_resources(
        _trainable(work, settings.metric, run_name), {"cpu": settings.cpus_per_trial, "gpu": settings.gpus_per_trial}
    )
    tuner = tune.Tuner(
        trainable,
        tune_config=tune.TuneConfig(
            search_alg=limiter,
            scheduler=scheduler,
            # As many as the searcher has.
            num_samples=-1,
            reuse_actors=True,
            trial_dirname_creator=lambda trial: f"trial-{trial.trial_id}",
        ),
        run_config=tune.RunConfig(
            name=run_name,
            storage_path=str(scratch),
            verbose=0,
            stop=WhenTold(told),
            callbacks=[recorder],
            failure_config=tune.FailureConfig(max_failures=MOST_LOSSES),
        ),
    )
    try:
        tuner.fit()
    except Exception:
        if searcher.fault is None:
            raise
    finally:
        gpu_checks.close()
        searcher.close()
        shutil.rmtree(scratch, ignore_errors=True)
    if searcher.fault is not None:
        raise searcher.fault
    if watch.interrupted():
        return Ended.INTERRUPTED
    if searcher.trials_over:
        return Ended.FINISHED
    for record in journal.records():
        if record.state == State.RUNNING:
            journal.finish("trial", record.number, State.PRUNED, reason="time budget")
            watch.on_change(journal.record("trial", record.number))
    return Ended.BUDGET


def _trainable(work: Work, metric: str, name: str) -> Callable[[dict[str, Any]], None]:
    def run(config: dict[str, Any]) -> None:
        import json

        import ray
        from ray import tune

        values = json.loads(config["work"])
        shared = ray.get(list(work.shared[values.get("params", {}).get("encoder") or ""]))
        if config["kind"] == "job":
            from tune_dml.tuning.trainable import run_job

            run_job(work.job, values, *shared)
        elif config["kind"] == "help":
            assert work.helper is not None
            work.helper(values, *shared)
            tune.report({"round": 1, "score": 0.0})
        else:
            work.trial(values, metric, *shared)

    # Ray Tune knows it by its name, for all of this process's searches.
    run.__name__ = name
    return run
