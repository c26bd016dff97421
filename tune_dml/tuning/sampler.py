"""Who proposes configurations: random search, or Optuna's TPE at a cost that does not grow with the search."""

from __future__ import annotations

import heapq
import math
import warnings
import zlib
from collections.abc import Callable, Container
from functools import cache
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from tune_dml.config import SearchSettings

#: The sampler proposes at random until so many trials have ended.
STARTUP_TRIALS = 8
#: Trials that TPE learns from: the best, and the latest. Its cost grows with the square of a longer history (several
#: times 20 ms at a thousand trials), and its model hardly changes: of any number it takes 25 at most for good.
HISTORY, BEST = 200, 25
#: The attribute of Optuna's trials that says which of several encoders they have.
ENCODER = "encoder"


def make_sampler(settings: SearchSettings, so_far: int) -> optuna.samplers.BaseSampler:
    """Optuna's TPE (multivariate, grouped, with the constant liar for trials that run side by side) or random sampling.

    ``so_far`` trials change the seed, so that a resumed search does not propose the same configurations again.
    """
    seed = settings.seed + 10_007 * so_far
    if settings.searcher == "random":
        return optuna.samplers.RandomSampler(seed=seed)

    def tpe(encoder: str) -> optuna.samplers.BaseSampler:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.samplers.TPESampler(
                multivariate=True,
                group=True,
                constant_liar=True,
                n_startup_trials=STARTUP_TRIALS,
                seed=seed + zlib.crc32(encoder.encode()) % 10_007,
            )

    return BoundedHistory(tpe)


class BoundedHistory(optuna.samplers.BaseSampler):
    """A sampler that is shown at most ``history`` ended trials of a study: the ``best``, and the latest; and all that
    run. Of several encoders each has a sampler of its own, which is shown its own trials.

    Args:
        make: The sampler of an encoder, by what trials call it; empty where there is no other.

    Attributes:
        encoder: Of the next trial.
    """

    def __init__(
        self, make: Callable[[str], optuna.samplers.BaseSampler], history: int = HISTORY, best: int = BEST
    ) -> None:
        self._make, self._history, self._best = cache(make), history, best
        self._view: Any = None
        self.encoder = ""

    @property
    def _sampler(self) -> optuna.samplers.BaseSampler:
        return self._make(self.encoder)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """As the sampler does; the first that Optuna calls for a new trial."""
        self._view = _Excerpt(study, self._history, self._best, self.encoder)
        return self._sampler.infer_relative_search_space(self._view, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """As the sampler does."""
        return self._sampler.sample_relative(self._view or study, trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """As the sampler does."""
        return self._sampler.sample_independent(self._view or study, trial, param_name, param_distribution)

    def reseed_rng(self) -> None:
        """As the sampler does."""
        self._sampler.reseed_rng()


class _Excerpt:
    """A study of which some trials are seen, as they were when it was made."""

    def __init__(self, study: optuna.Study, history: int, best: int, encoder: str = "") -> None:
        self._study = study
        trials = study.get_trials(deepcopy=False)
        if encoder:
            trials = [t for t in trials if t.user_attrs.get(ENCODER) == encoder]
        ended = [t for t in trials if t.state in (TrialState.COMPLETE, TrialState.PRUNED)]
        if len(ended) > history:
            good = heapq.nlargest(best, (t for t in ended if t.state == TrialState.COMPLETE), key=_value)
            chosen = {t.number for t in [*good, *ended[len(good) - history :]]}
            others = (TrialState.COMPLETE, TrialState.PRUNED)
            trials = [t for t in trials if t.state not in others or t.number in chosen]
        self._trials = trials

    def __getattr__(self, name: str) -> Any:
        return getattr(self._study, name)

    def _get_trials(
        self, deepcopy: bool = False, states: Container[TrialState] | None = None, use_cache: bool = False
    ) -> list[FrozenTrial]:
        return [t for t in self._trials if states is None or t.state in states]


def _value(trial: FrozenTrial) -> float:
    return -math.inf if trial.value is None else trial.value
