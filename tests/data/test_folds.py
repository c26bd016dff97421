import numpy as np
import pytest

from tune_dml.config import DrawSettings
from tune_dml.data import SINGLE, Split, make_folds
from tune_dml.errors import DataError


def draw(*counts, groups=None):
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.int64)
    return Split(tuple(f"t{i}" for i in range(len(labels))), None, labels, groups)


def _sound(split, folds):
    for fold in folds:
        assert set(fold.train) | set(fold.heldout) == set(range(len(split)))
        assert not set(fold.train) & set(fold.heldout)
        assert len(fold.heldout)
        assert set(split.labels[fold.train]) == set(split.labels)


@pytest.mark.parametrize("counts", [(25, 25), (30, 15, 5), (2, 2, 2), (40, 3, 1), (10,) * 20])
def test_cross_validation_holds_out_every_row_once(counts):
    split = draw(*counts)
    settings = DrawSettings(folds=5, repeats=2)
    folds = make_folds(split, SINGLE, settings, None)
    _sound(split, folds)
    assert len(folds) == 10
    singles = {i for i, label in enumerate(split.labels) if counts[label] == 1}
    for repeat in (folds[:5], folds[5:]):
        held = np.concatenate([fold.heldout for fold in repeat])
        assert sorted(held.tolist()) == sorted(set(range(len(split))) - singles)
        sizes = [len(fold.heldout) for fold in repeat]
        assert max(sizes) - min(sizes) <= 1
        for label in range(len(counts)):
            each = [(split.labels[fold.heldout] == label).sum() for fold in repeat]
            assert max(each) - min(each) <= 1
    assert [f.heldout.tolist() for f in folds] == [
        f.heldout.tolist() for f in make_folds(split, SINGLE, settings, None)
    ]
    assert [f.heldout.tolist() for f in folds[:5]] != [f.heldout.tolist() for f in folds[5:]]


def test_more_repeats_keep_the_first_ones():
    split = draw(20, 20)
    once, twice = (make_folds(split, SINGLE, DrawSettings(repeats=r), None) for r in (1, 2))
    assert [f.heldout.tolist() for f in once] == [f.heldout.tolist() for f in twice[:5]]


@pytest.mark.parametrize("validation", ["cv", "holdout"])
@pytest.mark.parametrize("seed", range(5))
def test_groups_never_part(validation, seed):
    rng = np.random.default_rng(seed)
    split = draw(30, 20, 3, groups=tuple(f"g{g}" for g in rng.integers(0, 15, 53)))
    folds = make_folds(split, SINGLE, DrawSettings(draw=seed, validation=validation), None)
    _sound(split, folds)
    for fold in folds:
        assert not {split.groups[i] for i in fold.train} & {split.groups[i] for i in fold.heldout}


@pytest.mark.parametrize("counts", [(25, 25), (30, 15, 5), (3, 3)])
def test_holdout_is_one_stratified_fifth(counts):
    split = draw(*counts)
    (fold,) = make_folds(split, SINGLE, DrawSettings(validation="holdout"), None)
    _sound(split, (fold,))
    assert len(fold.heldout) == max(1, round(sum(counts) / 5))


def test_official_scores_the_validation_split():
    (fold,) = make_folds(draw(5, 5), SINGLE, DrawSettings(validation="official"), draw(3, 4))
    assert fold.official
    assert fold.train.tolist() == list(range(10))
    assert fold.heldout.tolist() == list(range(7))


@pytest.mark.parametrize(
    ("settings", "groups", "message"),
    [
        ({"folds": 1}, None, "2 or more"),
        ({"folds": 9}, None, "more than the 8 shots"),
        ({"folds": 7}, None, "too few texts can be held out"),
        ({"repeats": 0}, None, "--repeats"),
        ({"repeats": 10**9}, None, "--repeats is 1000000000"),
        ({"draw": -1}, None, "0 or more"),
        ({"folds": 5}, ("a", "b") * 4, "too few groups"),
        ({"validation": "official"}, None, "no validation split"),
        ({"validation": "holdouts"}, None, "did you mean 'holdout'"),
    ],
)
def test_refused(settings, groups, message):
    with pytest.raises(DataError, match=message):
        make_folds(draw(6, 1, 1, groups=groups), SINGLE, DrawSettings(**settings), None)


def test_of_many_rows_the_holdout_is_a_bounded_number():
    split = draw(20_000, 5_000)
    (fold,) = make_folds(split, SINGLE, DrawSettings(validation="holdout"), None)
    _sound(split, (fold,))
    assert np.bincount(split.labels[fold.heldout]).tolist() == [1_600, 400]
    grouped = draw(20_000, 5_000, groups=tuple(f"g{i // 10}" for i in range(25_000)))
    (fold,) = make_folds(grouped, SINGLE, DrawSettings(validation="holdout"), None)
    assert 1_500 < len(fold.heldout) <= 2_000


def test_holdout_of_single_examples_is_refused():
    with pytest.raises(DataError, match="too small"):
        make_folds(draw(1, 1), SINGLE, DrawSettings(validation="holdout"), None)
