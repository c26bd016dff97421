from __future__ import annotations

import numpy as np
import pytest

from tune_dml.training.stratified import stratified_batches

COUNTS = {
    "balanced": [16, 16, 16],
    "skewed": [40, 7, 3],
    "single examples": [10, 1, 1],
    "one class": [9],
    "one row": [1],
    "a class without rows": [5, 0, 6],
    "many classes": [2] * 20,
    "odd": [5, 3, 7],
}


def labels_of(counts: list[int]) -> np.ndarray:
    return np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [2, 3, 8, 16, 1000])
@pytest.mark.parametrize("kind", COUNTS)
def test_every_row_once_in_batches_of_at_most_the_size(kind: str, size: int, seed: int) -> None:
    labels = labels_of(COUNTS[kind])
    batches = stratified_batches(labels, size, np.random.default_rng(seed))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(labels)))
    assert len(batches) == -(-len(labels) // size)
    assert all(1 <= len(batch) <= size for batch in batches)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", ["balanced", "skewed", "odd", "single examples"])
def test_classes_come_at_least_in_twos(kind: str, seed: int) -> None:
    labels = labels_of(COUNTS[kind])
    for batch in stratified_batches(labels, 12, np.random.default_rng(seed)):
        for label, count in zip(*np.unique(labels[batch], return_counts=True), strict=True):
            assert count >= min(2, (labels == label).sum())


@pytest.mark.parametrize("seed", range(5))
def test_every_class_is_in_every_batch_where_there_is_enough(seed: int) -> None:
    labels = labels_of([18, 18, 18])
    for batch in stratified_batches(labels, 18, np.random.default_rng(seed)):
        assert np.bincount(labels[batch], minlength=3).min() >= 4


def test_batches_of_an_epoch_follow_from_the_generator() -> None:
    labels = labels_of([10, 9, 8])
    generator = np.random.default_rng(1)
    first, second = (stratified_batches(labels, 8, generator) for _ in range(2))
    again = stratified_batches(labels, 8, np.random.default_rng(1))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("copies", [1, 3, 8, 40])
def test_no_batch_has_a_text_twice(copies: int, seed: int) -> None:
    labels = np.concatenate([labels_of([16, 10, 4]), np.tile(np.arange(3), copies)])
    texts = np.concatenate([np.arange(30), np.tile(np.arange(30, 33), copies)])
    batches = stratified_batches(labels, 12, np.random.default_rng(seed), texts)
    assert len(batches) == -(-len(labels) // 12)
    rows = np.concatenate(batches)
    assert len(np.unique(rows)) == len(rows)
    assert set(range(30)) <= set(rows.tolist())
    assert all(len(np.unique(texts[batch])) == len(batch) <= 12 for batch in batches)
    # As many copies as there are batches with room.
    told = np.bincount(texts[rows], minlength=33)[30:]
    assert told.min() >= min(copies, len(batches) - 2)


def test_without_copies_batches_are_what_they_are_without_texts() -> None:
    labels = labels_of([10, 9, 8])
    one, other = (stratified_batches(labels, 8, np.random.default_rng(2), t) for t in (None, np.arange(27)))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
