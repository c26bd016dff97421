"""Collapse is about vectors; about classes only where the labels are balanced."""

from __future__ import annotations

import numpy as np
import pytest

from tune_dml.errors import TrainingFailure
from tune_dml.models.readouts import READOUT_SPECS, Trained, class_probabilities
from tune_dml.recipe import Configuration
from tune_dml.training.collapse import check_collapse


def trained(embeddings: np.ndarray, labels: list[int]) -> Trained:
    return Trained(Configuration(loss="ce"), "single", 2, embeddings.astype(np.float32), np.array(labels), {}, {}, 1e-6)


def check(embeddings: np.ndarray, labels: list[int]) -> list[int]:
    """The classes that the read-out gives, where that is no collapse."""
    about = trained(embeddings, labels)
    logistic = READOUT_SPECS["logistic"].fit(about)
    check_collapse(about, logistic)
    return sorted(set(class_probabilities(logistic, about.embeddings).argmax(axis=1).tolist()))


NOISE = np.random.default_rng(0).normal(size=(40, 8))


@pytest.mark.parametrize("rare", [1, 4, 9])
def test_a_majority_predictor_on_unbalanced_labels_is_no_collapse(rare: int) -> None:
    assert check(NOISE, [1] * rare + [0] * (40 - rare)) == [0]


def test_one_class_for_all_on_balanced_labels_is_one() -> None:
    with pytest.raises(TrainingFailure, match="the same class") as caught:
        check(NOISE, [1] * 19 + [0] * 21)
    assert caught.value.reason == "collapse"


@pytest.mark.parametrize("rare", [1, 20])
def test_the_same_vector_for_all_is_one(rare: int) -> None:
    with pytest.raises(TrainingFailure, match="the same vector"):
        check(np.ones((40, 8)) + 1e-5 * NOISE, [1] * rare + [0] * (40 - rare))
