import math

import pytest

from tune_dml.config import Choice, Float, Int
from tune_dml.errors import ConfigurationError
from tune_dml.recipe import Configuration, configuration_from, domains


def test_flat_and_nested_values_give_the_same_configuration() -> None:
    flat = configuration_from({"loss": "softtriple", "softtriple/la": 8.0, "lr": 3e-5})
    nested = configuration_from({"loss": "softtriple", "softtriple": {"la": 8.0}, "lr": 3e-5})
    assert flat == nested == Configuration(loss="softtriple", loss_params={"la": 8.0}, lr=3e-5)


def test_hyperparameters_of_other_losses_are_dropped() -> None:
    assert configuration_from({"loss": "ce", "softtriple/la": 8.0}).loss_params == {}


@pytest.mark.parametrize(
    "config",
    [
        Configuration(),
        Configuration(loss="softtriple", loss_params={"la": 20.0, "centers": 5}, dropout=0.2, trainable_layers=2),
        Configuration(loss="supcon", loss_params={"temperature": 0.1}, representation="tokens", readout="head+proxies"),
    ],
)
def test_to_dict_and_back(config: Configuration) -> None:
    assert configuration_from(config.to_dict()) == config


def test_every_problem_is_in_one_message() -> None:
    with pytest.raises(ConfigurationError) as caught:
        configuration_from({"learning_rate": 1e-4, "epoch": 3, "batch_size": 0, "beta": 2.0}, "best.yaml")
    message = str(caught.value)
    assert message.startswith("best.yaml: ")
    for part in ("'learning_rate' is not", "did you mean 'epochs'?", "batch_size is 0; it must be 2 to 65536", "beta"):
        assert part in message


@pytest.mark.parametrize("name", [n for n, domain in domains().items() if isinstance(domain, Float | Int)])
@pytest.mark.parametrize("value", [-1, math.nan, math.inf, 1e9, 10**400, "1e-4", True, [1]])
def test_numbers_out_of_range_or_of_another_kind_are_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is "):
        configuration_from({name: value})


@pytest.mark.parametrize("name", [n for n, domain in domains().items() if isinstance(domain, Choice)])
@pytest.mark.parametrize("value", ["nothing", None, 0, 1])
def test_choices_are_held(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is "):
        configuration_from({name: value})


def test_limits_cover_every_hyperparameter_and_defaults_lie_inside() -> None:
    flat = Configuration().to_dict()
    # Of an ingredient whose hyperparameters are in a group of its own, only what is on is written down.
    assert {name for name in domains() if "/" not in name} == set(flat) - {"loss"}
    assert set(configuration_from({"label_texts/copies": 1, "prompts/pool": 3}).to_dict()) - set(flat) == set(
        domains()
    ) - set(flat)
    configuration_from(flat)


@pytest.mark.parametrize("value", ["all", None])
@pytest.mark.parametrize("name", ["dropout", "trainable_layers"])
def test_all_means_the_encoders_own(name: str, value: object) -> None:
    assert getattr(configuration_from({name: value}), name) is None


def test_numbers_become_the_kind_they_stand_for() -> None:
    config = configuration_from({"beta": 1, "epochs": 3.0})
    assert isinstance(config.beta, float)
    assert isinstance(config.epochs, int)
    with pytest.raises(ConfigurationError, match="epochs is"):
        configuration_from({"epochs": 3.5})


@pytest.mark.parametrize("values", [{"loss": 3}, {"loss": None}, {1: 2}, {True: "x"}])
def test_odd_names_and_losses_are_sentences(values: dict[object, object]) -> None:
    with pytest.raises(ConfigurationError):
        configuration_from(values)  # type: ignore[arg-type]


def test_cross_entropy_ignores_beta() -> None:
    assert Configuration(beta=0.3).beta_effective == 1.0
    assert Configuration(loss="supcon", beta=0.3).beta_effective == 0.3


def test_readout_can_be_exchanged() -> None:
    assert Configuration(lr=2e-5).with_readout("knn") == Configuration(lr=2e-5, readout="knn")
