"""What happens to trials in Ray Tune, told to the searcher as it happens."""

from __future__ import annotations

from typing import Any

from ray.tune.progress_reporter import TrialProgressCallback

from tune_dml.tuning.gpu_checks import GpuChecks
from tune_dml.tuning.lost import GPU, cause_of, node_of
from tune_dml.tuning.searcher import StudySearcher


class Recorder(TrialProgressCallback):
    """Takes each report, those that end a trial too, which a searcher is not told of, and relieves Ray Tune of its
    payload, which it would keep and copy into its scratch folder.

    It stands where Ray Tune would put what prints progress, and keeps hold of all trials.
    """

    def __init__(self, searcher: StudySearcher, gpu_checks: GpuChecks) -> None:
        self._searcher, self._gpu_checks = searcher, gpu_checks
        #: Whether a worker has begun with anything.
        self.begun = False

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Note it."""
        self.begun = True

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        """Store a round, or what a job gave."""
        self._searcher.take(trial.trial_id, result)

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Count it."""
        cause = cause_of(trial)
        if cause == GPU:
            self._gpu_checks.after_fault(node_of(trial))
        if not self._searcher.lost(trial.trial_id, cause):
            trial.max_failures = trial.num_failures

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Nothing: the searcher is told."""

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Nothing: the searcher is told."""

    def __getstate__(self) -> dict[str, Any]:
        """Nothing, as the searcher's."""
        return {}
