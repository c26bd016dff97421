"""When trials stop: by ASHA over rounds, as Ray Tune has it (Li et al. 2020, arXiv 1810.05934), or never."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ray.tune.schedulers import AsyncHyperBandScheduler, FIFOScheduler, TrialScheduler

from tune_dml.config import State, TrialRecord
from tune_dml.training.scoring import mean_objective
from tune_dml.tuning.ray_insides import Insides

GRACE_ROUNDS = 2
REDUCTION = 2


class _WithInsides(TrialScheduler):
    """What both schedulers do for :class:`Insides`: nobody else is shown Ray Tune's controller."""

    _insides: Insides

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        """A trial is to be run."""
        self._insides.trial_added(tune_controller, trial)
        super().on_trial_add(tune_controller, trial)

    def choose_trial_to_run(self, tune_controller: Any) -> Any:
        """The next one."""
        self._insides.forget_ended()
        return super().choose_trial_to_run(tune_controller)


class AllRounds(_WithInsides, FIFOScheduler):
    """No trial is stopped early."""

    def __init__(self, insides: Insides) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._insides = insides


class RoundsASHA(_WithInsides, AsyncHyperBandScheduler):
    """ASHA whose resource is the round. Baselines run all rounds and are not seen; neither are failed trials, helpers
    and jobs. The trial that the space begins with is seen, and runs all rounds; of several encoders, as long as its
    encoder stays.

    Scores are paired (all trials see the same folds in the same order) and trials that tie with the cutoff survive.
    """

    def __init__(self, rounds: int, insides: Insides) -> None:
        self._insides, self._rounds = insides, rounds
        #: Whether the encoder of the trial of that name in Ray Tune is clearly behind another.
        self.is_out: Callable[[str], bool] = lambda trial_id: False
        super().__init__(
            time_attr="round",
            metric="score",
            mode="max",
            max_t=rounds,
            grace_period=min(GRACE_ROUNDS, rounds),
            reduction_factor=REDUCTION,
        )

    def refill(self, records: Iterable[TrialRecord], metric: str, latest: bool) -> None:
        """Put what is known of earlier trials into the rungs, after a resume: as if they had reported it now."""
        nobody: Any = None
        for record in records:
            # A RUNNING trial hands its rounds back itself.
            if record.state not in (State.COMPLETE, State.PRUNED) or not record.rounds:
                continue
            trial: Any = _Earlier(f"resumed-{record.number}")
            result: dict[str, Any] = {}
            AsyncHyperBandScheduler.on_trial_add(self, nobody, trial)
            for done, item in enumerate(record.rounds, start=1):
                score = mean_objective(record.rounds[:done], metric, latest)
                result = {"round": item.number, "score": score}
                AsyncHyperBandScheduler.on_trial_result(self, nobody, trial, result)
            AsyncHyperBandScheduler.on_trial_complete(self, nobody, trial, result)

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """STOP or CONTINUE."""
        if "failed" in result:
            return str(TrialScheduler.STOP)
        if trial.config.get("kind") in ("job", "help"):
            return str(TrialScheduler.STOP)
        over = result.get("round", 0) >= self._rounds
        if trial.config.get("kind") == "baseline":
            return str(TrialScheduler.STOP if over else TrialScheduler.CONTINUE)
        decision = str(super().on_trial_result(tune_controller, trial, result))
        if result.get("round", 0) >= GRACE_ROUNDS and not over and self.is_out(trial.trial_id):
            return str(TrialScheduler.STOP)
        return str(TrialScheduler.CONTINUE) if trial.config.get("whole") and not over else decision

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        """Forget a trial that has ended."""
        if trial.config.get("kind") != "trial" or "failed" in result:
            with suppress(KeyError):
                super().on_trial_remove(tune_controller, trial)
            return
        super().on_trial_complete(tune_controller, trial, result)


@dataclass(frozen=True)
class _Earlier:
    """All that Ray Tune's ASHA looks at in a trial."""

    trial_id: str
