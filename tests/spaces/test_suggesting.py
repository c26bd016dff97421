"""Drawing configurations with Optuna."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import optuna
import pytest

from tune_dml.config import SIZES, Value
from tune_dml.losses import LOSSES, check
from tune_dml.recipe import configuration_from
from tune_dml.spaces import Space, complete, load_space, parameter_names, space_from_text, suggest

optuna.logging.set_verbosity(optuna.logging.ERROR)


def study() -> optuna.Study:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(
            multivariate=True, group=True, constant_liar=True, seed=0, n_startup_trials=8
        )
    return optuna.create_study(sampler=sampler)


def checked(space: Space, values: Mapping[str, Value]) -> str:
    loss = str(values["loss"])
    domains = {p.name: p.domain for p in space.parameters}
    assert all("/" not in name or name.startswith(f"{loss}/") for name in values)
    assert all(domains[name].contains(value) for name, value in values.items() if name in domains)
    assert ("beta" in values) == (loss != "ce")
    assert ("loss_lr" in values) == LOSSES[loss].owns_parameters
    check(configuration_from(values))
    return loss


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["default", "paper"])
def test_thirty_trials(name: str, size: str) -> None:
    space = load_space(name, encoder_size=size)
    trials = study()
    for row in space.first:
        trials.enqueue_trial(complete(row, space))
    seen = []
    for number in range(30):
        trial = trials.ask()
        values = suggest(trial, space)
        seen.append(checked(space, values))
        assert set(trial.params) <= set(parameter_names(space))
        assert all(values[name] == value for name, value in trial.params.items())
        if number < len(space.first):
            row = space.first[number]
            assert {name: values[name] for name in row} == row
            assert set(trial.params) == set(complete(row, space))
        trials.tell(trial, float(number % 5))
    if name == "default":
        assert set(seen[: len(space.losses)]) == set(space.losses)


def test_constants_single_choices_and_none() -> None:
    space = space_from_text(
        "loss: {choices: [softtriple, ce]}\nschedule: {choices: [cosine]}\n"
        "warmup: {choices: [0.3], when: {loss: [ce]}}\nsofttriple: {la: 9, margin: {choices: [0.2]}}\n"
        "dropout: {choices: [null, 0.1]}\nlr: {float: [0.1, 0.2], when: {softtriple/la: [9]}}"
    )
    assert parameter_names(space) == ("loss", "dropout", "lr")
    trials = study()
    trials.enqueue_trial(complete({"loss": "softtriple", "dropout": None, "lr": 0.15}, space))
    trials.enqueue_trial(complete({"loss": "ce", "dropout": 0.1}, space))
    first, second = (suggest(trials.ask(), space) for _ in range(2))
    assert first == {
        "schedule": "cosine",
        "loss": "softtriple",
        "softtriple/la": 9.0,
        "softtriple/margin": 0.2,
        "dropout": None,
        "lr": 0.15,
    }
    assert second == {"schedule": "cosine", "loss": "ce", "warmup": 0.3, "dropout": 0.1}


def test_space_of_constants_asks_nothing() -> None:
    trial = study().ask()
    assert suggest(trial, space_from_text("loss: ce\nlr: 1e-4")) == {"loss": "ce", "lr": 1e-4}
    assert trial.params == {}
