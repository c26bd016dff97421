"""What the sampler learns from, and that it proposes the same until there is too much of that."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from tune_dml.config import DrawSettings, SearchSettings, TaskSettings
from tune_dml.tuning.sampler import BoundedHistory, make_sampler

SETTINGS = SearchSettings("s", TaskSettings("bbc"), DrawSettings(), encoder="bert-tiny", space="default")


@pytest.fixture(autouse=True)
def _quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def _objective(trial: optuna.Trial) -> float:
    lr = trial.suggest_float("lr", 1e-5, 1e-3, log=True)
    if trial.suggest_categorical("loss", ["ce", "supcon"]) == "supcon":
        return trial.suggest_float("supcon/temperature", 0.05, 0.5, log=True) - lr
    return lr


def _plain(seed: int) -> optuna.samplers.TPESampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return optuna.samplers.TPESampler(
            multivariate=True, group=True, constant_liar=True, n_startup_trials=8, seed=seed
        )


def _params(sampler: optuna.samplers.BaseSampler, trials: int) -> list[dict[str, Any]]:
    study = optuna.create_study(sampler=sampler, direction="maximize")
    study.optimize(_objective, n_trials=trials)
    return [t.params for t in study.trials]


def test_a_short_history_is_seen_whole() -> None:
    assert _params(make_sampler(SETTINGS, 0), 30) == _params(_plain(SETTINGS.seed), 30)


def test_a_long_history_is_seen_in_part() -> None:
    seen: list[list[optuna.trial.FrozenTrial]] = []

    class _Spy(optuna.samplers.RandomSampler):
        def infer_relative_search_space(self, study: Any, trial: Any) -> Any:
            seen.append(study._get_trials(deepcopy=False))
            return super().infer_relative_search_space(study, trial)

    sampler = BoundedHistory(lambda _: _Spy(seed=0), history=20, best=5)
    study = optuna.create_study(sampler=sampler, direction="maximize")
    left_running = study.ask()
    study.optimize(_objective, n_trials=60)
    shown = seen[-1]
    ended = [t for t in shown if t.state == TrialState.COMPLETE]
    earlier = [t for t in study.trials if t.state == TrialState.COMPLETE][:-1]
    best = sorted(earlier, key=lambda t: t.value or 0.0)[-5:]
    assert len(ended) <= 20
    assert {t.number for t in best} <= {t.number for t in ended}
    assert {t.number for t in earlier[-15:]} <= {t.number for t in ended}
    assert left_running.number in {t.number for t in shown}


def test_a_resumed_search_proposes_something_else() -> None:
    assert _params(make_sampler(SETTINGS, 0), 3) != _params(make_sampler(SETTINGS, 5), 3)


def test_each_encoder_is_sampled_by_its_own_trials() -> None:
    """Else the trials of a worse encoder, which are all among the bad ones, would drive its proposals away."""
    sampler = make_sampler(replace(SETTINGS, searcher="tpe"), 0)
    assert isinstance(sampler, BoundedHistory)
    study = optuna.create_study(sampler=sampler, direction="maximize")
    found: dict[str, list[float]] = {"worse": [], "better": []}
    for number in range(80):
        encoder = ("worse", "better")[number % 2]
        sampler.encoder = encoder
        trial = study.ask()
        trial.set_user_attr("encoder", encoder)
        x = trial.suggest_float(f"x [{encoder}]", 0.0, 1.0)
        found[encoder].append(x)
        study.tell(trial, (10.0 if encoder == "better" else 0.0) - abs(x - 0.8))
    # Both close in on the best place.
    for values in found.values():
        assert sum(abs(x - 0.8) < 0.15 for x in values[-15:]) >= 9, values
