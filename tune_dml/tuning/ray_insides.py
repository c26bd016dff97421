"""All that reaches into Ray's insides, which may look otherwise in another version.

Each row of the two tables is a gain: what it is for, what a search is like without it, and the names that it rests on.
Where this Ray lacks one of those, the search runs without the gain and says so once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import ray

from tune_dml.execution import give_back_memory

try:
    from ray.experimental import internal_kv
except ImportError:
    _store: Any = None
else:
    _store = internal_kv


@dataclass(frozen=True)
class Inside:
    """A gain that rests on names inside of Ray.

    Attributes:
        purpose: What it is for.
        without: What is lost without it, as the user is told.
        names: All that it needs, as dotted attributes of Ray Tune's controller, or of Ray's key-value store.
    """

    purpose: str
    without: str
    names: tuple[str, ...]

    def is_in(self, owner: Any) -> bool:
        """Whether ``owner`` has all that it needs."""
        try:
            attrgetter(*self.names)(owner)
        except AttributeError:
            return False
        return True


IDLE_WORKERS = Inside(
    "Keeps as many idle workers as there are slots. By itself Ray Tune keeps one where no trial is waiting: with short"
    " trials, workers would start for ever.",
    "workers start anew between short trials",
    ("_actor_cache.increase_max",),
)
FIRST_WORKERS = Inside(
    "Begins with the workers that Ray started with. By itself Ray Tune asks for an environment of its own, which none"
    " of them has.",
    "the first trials wait for other workers than those that have started",
    ("_class_cache._cache",),
)
PATIENCE = Inside(
    "Lets workers start. By itself Ray Tune hands the worker of a trial that has ended to one whose own worker is about"
    " to start, and is stopped then.",
    "workers may be stopped while they start",
    ("_maybe_reuse_cached_actor", "_trial_to_actor", "_resetting_trials", "_actor_manager.pending_actors"),
)
FORGETTING = Inside(
    "Lets go of trials that have ended, of which Ray Tune keeps 50 KB each and goes through all in every step.",
    "memory and time per trial grow with the number of trials",
    (
        *("_stopped_trials.discard", "_failed_trials.discard", "_trials.remove", "_trials_to_cache.discard"),
        *("_trial_metadata.pop", "_trial_to_actor"),
    ),
)
EVERY_LOSS = Inside(
    "Takes every error that means a worker is gone for that. By itself Ray Tune knows one type of them, and ends the"
    " whole search with any other: with the memory monitor's, for example.",
    "a worker that runs out of memory, or goes with its machine, may end the search, which a resume then goes on with",
    ("_actor_manager._actor_task_failed",),
)
ONE_LOSS = Inside(
    "Counts a worker once that is gone when the next trial is given to it. Ray Tune hears of it twice: the first time"
    " it puts the trial back, the second time it fails the trial.",
    "a trial that is given to a worker that is gone may fail",
    ("_process_trial_failure", "_resetting_trials.discard", "_trial_to_actor"),
)
GROWTH = Inside(
    "Fills machines that have joined at once. By itself Ray Tune begins no more workers at a time than there were slots"
    " at the start.",
    "machines that join are filled little by little",
    ("update_max_pending_trials",),
)
CONTROLLER = (IDLE_WORKERS, FIRST_WORKERS, PATIENCE, FORGETTING, EVERY_LOSS, ONE_LOSS, GROWTH)

BOARDS = Inside(
    "Settles between workers who runs which round of a trial, so that idle slots help with one that runs elsewhere.",
    "slots that are idle do not help with trials that run elsewhere",
    ("_internal_kv_put", "_internal_kv_get", "_internal_kv_del"),
)

#: Seconds that a worker may take to find a place, and to start there, before its trial goes to another that is idle.
PLACE_PATIENCE, START_PATIENCE = 2.0, 60.0
#: So many ended trials leave megabytes of holes in the heap between what stays.
TRIALS_BETWEEN_TRIMS = 200
_NAMESPACE = "tune-dml-rounds"


class Insides:
    """What a search has of Ray's insides.

    Args:
        slots: Trials at a time.
        local: Whether all workers are on this machine and have inherited the driver's environment.
        helpers: Whether idle slots are to run rounds of trials that run elsewhere.
        say: Told once, in a sentence, what is lost with this Ray.
    """

    def __init__(
        self, slots: int, local: bool, helpers: bool = False, say: Callable[[str], None] = lambda sentence: None
    ) -> None:
        self._slots, self._say = slots, say
        self._wanted = {inside for inside in CONTROLLER if local or inside is not FIRST_WORKERS}
        self._lacking = [BOARDS] if helpers and not BOARDS.is_in(_store) else []
        #: Whether they do.
        self.helpers = helpers and not self._lacking
        self._has: set[Inside] = set()
        self._seen = False
        self._controller: Any = None
        self._resources: Any = None
        self._forgotten = 0

    def trial_added(self, tune_controller: Any, trial: Any) -> None:
        """The first shows Ray Tune's controller, and what all trials ask for."""
        if self._seen:
            return
        self._seen = True
        # Schedulers are shown it through a wrapper.
        controller: Any = getattr(getattr(tune_controller, "get_trials", None), "__self__", None)
        self._controller = controller
        self._has = {inside for inside in self._wanted if inside.is_in(controller)}
        self._lacking += [inside for inside in CONTROLLER if inside in self._wanted - self._has]
        if self._lacking:
            losses = "; ".join(inside.without for inside in self._lacking)
            self._say(f"the search runs, but Ray {ray.__version__} lacks insides that tune-dml builds on: {losses}.")
        if IDLE_WORKERS in self._has:
            self._resources = trial.placement_group_factory
            controller._actor_cache.increase_max(self._resources, by=self._slots)
        if FIRST_WORKERS in self._has:
            trainable = trial.get_trainable_cls()
            controller._class_cache._cache[trainable] = ray.remote(trainable)
        if PATIENCE in self._has:
            _let_workers_start(controller)
        if EVERY_LOSS in self._has:
            _take_every_loss(controller)
        if ONE_LOSS in self._has:
            _count_a_loss_once(controller)

    def __getstate__(self) -> dict[str, Any]:
        # Ray pickles what it runs into its scratch folder, and nobody reads it back.
        return {}

    def grow(self, slots: int) -> None:
        """From now on so many trials run at a time, which is more."""
        if IDLE_WORKERS in self._has:
            self._controller._actor_cache.increase_max(self._resources, by=slots - self._slots)
        if GROWTH in self._has:
            self._controller.update_max_pending_trials()
        self._slots = slots

    def forget_ended(self) -> None:
        """Let go of trials that have ended; the journal has what there is to know. One is kept: from none at all Ray
        Tune would read its scratch folder."""
        controller = self._controller
        if FORGETTING not in self._has:
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


def _take_every_loss(controller: Any) -> None:
    from ray.exceptions import NodeDiedError, OutOfMemoryError, RayActorError, WorkerCrashedError

    manager = controller._actor_manager
    failed = manager._actor_task_failed

    def as_actor_error(tracked_actor_task: Any, exception: Exception) -> None:
        if isinstance(exception, OutOfMemoryError | NodeDiedError | WorkerCrashedError):
            exception = RayActorError(error_msg=str(exception))
        failed(tracked_actor_task, exception)

    manager._actor_task_failed = as_actor_error


def _count_a_loss_once(controller: Any) -> None:
    process = controller._process_trial_failure

    def unless_put_back(trial: Any, exception: Exception) -> None:
        # It would wait for the worker that is gone for ever.
        controller._resetting_trials.discard(trial)
        if trial.status != trial.PENDING or trial in controller._trial_to_actor:
            process(trial, exception=exception)

    controller._process_trial_failure = unless_put_back


def store_put(key: str, value: str | bytes, overwrite: bool) -> bool:
    """Put a value into Ray's key-value store, which all its processes share; whether there was one."""
    return bool(_store._internal_kv_put(key, value, overwrite=overwrite, namespace=_NAMESPACE))


def store_get(key: str) -> bytes | None:
    """A value, or ``None``."""
    value: bytes | None = _store._internal_kv_get(key, namespace=_NAMESPACE)
    return value


def store_remove(key: str, prefix: bool = False) -> None:
    """Remove a value, or those of all keys that begin so."""
    _store._internal_kv_del(key, del_by_prefix=prefix, namespace=_NAMESPACE)
