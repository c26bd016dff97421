"""The mean of several seeds' weights, with read-outs fitted anew."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from small_task import Small

from tune_dml.recipe import Configuration, configuration_from
from tune_dml.training.examples import Examples
from tune_dml.training.fit import fit_once
from tune_dml.training.soup import can_be_mixed, mean_state, soup_round, soup_stage
from tune_dml.training.workload import Workload, run_fold

SHORT = Configuration(loss="supcon", lr=5e-4, epochs=3)


def test_the_mean_is_that_of_each_weight_whatever_the_order() -> None:
    rng = np.random.default_rng(0)
    frozen = rng.normal(size=(4, 3)).astype(np.float32)
    states = [{"frozen": frozen, "trained": rng.normal(size=(5, 2)).astype(np.float32)} for _ in range(5)]
    found = mean_state(states)
    assert found["frozen"].tobytes() == frozen.tobytes()
    wanted = np.mean([state["trained"].astype(np.float64) for state in states], axis=0).astype(np.float32)
    assert np.array_equal(found["trained"], wanted)
    assert np.array_equal(mean_state(states[::-1])["trained"], found["trained"])


def test_a_weight_that_differs_late_is_no_frozen_one() -> None:
    one, other = np.float32([1, 2]), np.float32([4, 2])
    assert mean_state({"w": array} for array in (one, one, other))["w"].tolist() == [2, 2]


def test_of_nothing_there_is_no_mean() -> None:
    with pytest.raises(ValueError, match="nothing to mix"):
        mean_state([])


@pytest.mark.parametrize(
    ("values", "can"),
    [
        ({}, True),
        ({"trainable_layers": 1}, True),
        ({"epochs": 0}, False),
        ({"trainable_layers": 0}, False),
        ({"reinit_layers": 1}, False),
        ({"projection": "linear"}, True),
        ({"projection": "linear", "keep_projection": True}, False),
        ({"label_smoothing": 0.1}, True),
    ],
)
def test_what_can_be_mixed(values: dict[str, object], can: bool) -> None:
    assert can_be_mixed(configuration_from({"loss": "ce", **values})) is can


@pytest.mark.parametrize("layers", [None, 1])
def test_a_soup_of_one_seed_is_that_seed(small: Small, layers: int | None) -> None:
    config = configuration_from({**SHORT.to_dict(), "trainable_layers": layers})
    data = Examples(small.tokens, small.labels, "single", 3)
    score = {"first": small.tokens.take(np.arange(6))}
    seed = fit_once(config, small.encoder, data, score, seed=3, keep_encoder=True)
    assert seed.encoder_state is not None
    soup = soup_stage(config, small.encoder, seed.encoder_state, data, score)
    # What was trained beside the encoder has no mean.
    assert set(soup.readouts) < set(seed.readouts)
    assert {"logistic", "centroid"} <= set(soup.readouts)
    assert "head" not in soup.readouts
    for name in soup.readouts:
        assert np.allclose(soup.probabilities["first"][name], seed.probabilities["first"][name], atol=1e-5), name


def test_a_soup_leaves_the_encoder_as_it_was(small: Small) -> None:
    before = small.fit(SHORT)
    state = {name: array + np.float32(0.01) for name, array in small.encoder.state.items()}
    data = Examples(small.tokens, small.labels, "single", 3)
    soup_stage(SHORT, small.encoder, state, data, {"first": small.tokens.take(np.arange(6))})
    after = small.fit(SHORT)
    for name, probabilities in before.probabilities["first"].items():
        assert probabilities.tobytes() == after.probabilities["first"][name].tobytes()


def test_a_round_has_the_trials_own_seed_and_others(workload: Callable[[int], Workload]) -> None:
    folds = workload(3)
    found = soup_round(folds, SHORT, 2, 3, "supcon #0")
    own = run_fold(folds, SHORT, 2)
    assert np.array_equal(found.rows, own.rows)
    assert len(found.seeds) == 3
    assert found.seeds[0].tobytes() == own.probabilities["logistic"].tobytes()
    assert found.seeds[1].tobytes() != found.seeds[2].tobytes() != found.seeds[0].tobytes()
    assert found.soup.shape == found.seeds[0].shape
    assert found.readout == "logistic"
    again = soup_round(folds, SHORT, 2, 3, "supcon #0")
    assert again.soup.tobytes() == found.soup.tobytes()


def test_a_read_out_that_was_trained_along_gives_way(workload: Callable[[int], Workload]) -> None:
    config = configuration_from({**SHORT.to_dict(), "readout": "head"})
    found = soup_round(workload(3), config, 1, 2, "supcon #0")
    assert found.readout == "logistic"
    assert found.seeds[0].tobytes() == run_fold(workload(3), config, 1).probabilities["head"].tobytes()
