"""When trials stop: by ASHA over rounds, as Ray Tune has it (Li et al. 2020, arXiv 1810.05934), or never."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import ray
from ray.tune.schedulers import AsyncHyperBandScheduler, FIFOScheduler, TrialScheduler

from tune_dml.config import State, TrialRecord
from tune_dml.execution import give_back_memory
from tune_dml.training.scoring import mean_objective
from tune_dml.tuning.lost import every_loss_is_one

GRACE_ROUNDS = 2
REDUCTION = 2


#: Seconds that a worker may take to find a place, and to start there, before its trial goes to another that is idle.
PLACE_PATIENCE, START_PATIENCE = 2.0, 60.0
#: So many ended trials leave megabytes of holes in the heap between what stays.
TRIALS_BETWEEN_TRIMS = 200


class WarmWorkers:
    """Has Ray Tune begin with the workers that Ray started with, let them start, and keep as many idle ones as there
    are slots.

    By itself it keeps one where no trial is waiting, and hands the worker of a trial that has ended to one whose own
    worker is about to start, and is stopped then: with short trials, workers would start for ever.

    Args:
        slots: Trials at a time.
        local: Whether all workers are on this machine and have inherited the driver's environment.
    """

    def __init__(self, slots: int, local: bool) -> None:
        self._slots, self._local = slots, local
        self._told = False
        self._controller: Any = None
        self._resources: Any = None
        self._forgotten = 0

    def trial_added(self, tune_controller: Any, trial: Any) -> None:
        """Tell Ray Tune, once: all trials ask for the same resources."""
        cache = getattr(tune_controller, "_actor_cache", None)
        if not self._told and cache is not None:
            self._resources = trial.placement_group_factory
            cache.increase_max(self._resources, by=self._slots)
            classes = getattr(tune_controller, "_class_cache", None)
            if self._local and classes is not None:
                # Ray Tune would ask for an environment of its own, which no waiting worker has.
                trainable = trial.get_trainable_cls()
                classes._cache[trainable] = ray.remote(trainable)
            # Schedulers are shown Ray Tune's controller through a wrapper.
            self._controller = getattr(getattr(tune_controller, "_maybe_reuse_cached_actor", None), "__self__", None)
            if self._controller is not None:
                _let_workers_start(self._controller)
                every_loss_is_one(self._controller)
        self._told = True

    def grow(self, slots: int) -> None:
        """From now on so many trials run at a time, which is more."""
        if self._controller is not None:
            self._controller._actor_cache.increase_max(self._resources, by=slots - self._slots)
            self._controller.update_max_pending_trials()
        self._slots = slots

    def forget_ended(self) -> None:
        """Let go of trials that have ended, of which Ray Tune keeps 50 KB each and goes through all in every step; the
        journal has what there is to know. One is kept: from none at all it would read its scratch folder."""
        controller = self._controller
        if controller is None:
            return
        for ended in (controller._stopped_trials, controller._failed_trials):
            for trial in [t for t in ended if t not in controller._trial_to_actor]:
                if len(controller._trials) < 2:
                    return
                ended.discard(trial)
                controller._trials.remove(trial)
                controller._trials_to_cache.discard(trial)
                controller._trial_metadata.pop(trial.trial_id, None)
                self._forgotten += 1
                if self._forgotten % TRIALS_BETWEEN_TRIMS == 0:
                    give_back_memory()


def _let_workers_start(controller: Any) -> None:
    reuse = controller._maybe_reuse_cached_actor
    since: dict[Any, float] = {}

    def patient(trial: Any) -> bool:
        if trial in controller._trial_to_actor and trial not in controller._resetting_trials:
            begun = since.setdefault(trial, time.monotonic())
            # Its place may have gone with a machine.
            placeless = controller._trial_to_actor[trial] in controller._actor_manager.pending_actors
            if time.monotonic() - begun < (PLACE_PATIENCE if placeless else START_PATIENCE):
                return False
        since.pop(trial, None)
        return bool(reuse(trial))

    controller._maybe_reuse_cached_actor = patient


class _Warm(TrialScheduler):
    """What both schedulers do for :class:`WarmWorkers`."""

    _warm: WarmWorkers

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        """A trial is to be run."""
        self._warm.trial_added(tune_controller, trial)
        super().on_trial_add(tune_controller, trial)

    def choose_trial_to_run(self, tune_controller: Any) -> Any:
        """The next one."""
        self._warm.forget_ended()
        return super().choose_trial_to_run(tune_controller)


class AllRounds(_Warm, FIFOScheduler):
    """No trial is stopped early."""

    def __init__(self, warm: WarmWorkers) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._warm = warm


class RoundsASHA(_Warm, AsyncHyperBandScheduler):
    """ASHA whose resource is the round. Baselines run all rounds and are not seen; neither are failed trials, helpers
    and jobs.

    Scores are paired (all trials see the same folds in the same order) and trials that tie with the cutoff survive.
    """

    def __init__(self, rounds: int, warm: WarmWorkers) -> None:
        self._warm = warm
        super().__init__(
            time_attr="round",
            metric="score",
            mode="max",
            max_t=rounds,
            grace_period=min(GRACE_ROUNDS, rounds),
            reduction_factor=REDUCTION,
        )

    def refill(self, records: Iterable[TrialRecord], metric: str, latest: bool) -> None:
        """Put what is known of earlier trials into the rungs, after a resume."""
        for record in records:
            # A RUNNING trial hands its rounds back itself.
            if record.state not in (State.COMPLETE, State.PRUNED):
                continue
            for milestone, recorded in self._brackets[0]._rungs:
                rounds = [r for r in record.rounds if r.number <= milestone]
                if len(rounds) == int(milestone):
                    recorded[f"resumed-{record.number}"] = mean_objective(rounds, metric, latest)

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """STOP or CONTINUE."""
        if "failed" in result:
            return str(TrialScheduler.STOP)
        if trial.config.get("kind") in ("job", "help"):
            return str(TrialScheduler.STOP)
        if trial.config.get("kind") == "baseline":
            return str(TrialScheduler.STOP if result.get("round", 0) >= self._max_t else TrialScheduler.CONTINUE)
        return str(super().on_trial_result(tune_controller, trial, result))

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        """Forget a trial that has ended."""
        if trial.config.get("kind") != "trial" or "failed" in result:
            self._trial_info.pop(trial.trial_id, None)
            return
        super().on_trial_complete(tune_controller, trial, result)
