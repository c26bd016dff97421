import numpy as np
import pytest

from tune_dml.config import DrawSettings
from tune_dml.data import SINGLE, Split, draw_shots
from tune_dml.errors import DataError


def pool(*counts, seed=0):
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.int64)
    return Split(tuple(f"t{i}" for i in range(len(labels))), None, labels, None)


def drawn(counts, **settings):
    split = pool(*counts)
    rows = draw_shots(split, SINGLE, DrawSettings(**settings))
    assert rows.dtype == np.int64
    assert rows.tolist() == sorted(set(rows.tolist()))
    return np.bincount(split.labels[rows], minlength=len(counts)).tolist()


@pytest.mark.parametrize(
    ("counts", "shots", "expected"),
    [
        ((50, 50), 10, [5, 5]),
        ((75, 25), 10, [8, 2]),  # 7.5 and 2.5: the tie goes to the first
        ((60, 30, 10), 10, [5, 3, 2]),
        ((900, 50, 50), 20, [16, 2, 2]),
        ((900, 50, 1), 20, [17, 2, 1]),
        ((90, 5, 5, 5), 7, [2, 2, 2, 1]),
        ((90, 5, 5), 3, [1, 1, 1]),
        ((3, 3), 6, [3, 3]),
    ],
)
def test_shares(counts, shots, expected):
    assert drawn(counts, shots=shots) == expected


@pytest.mark.parametrize("shots", range(4, 60, 5))
def test_shares_follow_the_classes(shots):
    counts = np.array([40, 20, 10, 3])
    got = np.array(drawn(counts.tolist(), shots=shots))
    assert got.sum() == shots
    assert (got >= (2 if shots >= 8 else 1)).all()
    if shots * 3 / 73 >= 2:
        assert np.abs(got - shots * counts / 73).max() < 1


def test_per_class():
    assert drawn((30, 20, 5), shots=None, shots_per_class=4) == [4, 4, 4]


def test_full():
    assert drawn((30, 20), shots=None) == [30, 20]


def test_seed_names_the_draw():
    split = pool(50, 50)
    a, b, c = (draw_shots(split, SINGLE, DrawSettings(shots=20, draw=d)).tolist() for d in (0, 0, 1))
    assert a == b != c


def test_more_shots_contain_fewer():
    split = pool(50, 50)
    small, large = (set(draw_shots(split, SINGLE, DrawSettings(shots=n)).tolist()) for n in (10, 30))
    assert small < large


def test_order_of_other_classes_does_not_matter():
    texts = {0: [f"a{i}" for i in range(20)], 1: [f"b{i}" for i in range(20)]}

    def sample(order):
        left = {label: iter(texts[label]) for label in texts}
        split = Split(tuple(next(left[label]) for label in order), None, np.array(order, dtype=np.int64), None)
        return set(split.take(draw_shots(split, SINGLE, DrawSettings(shots=10))).texts)

    def positions(order):
        return sample(order) == sample([0] * 20 + [1] * 20)

    assert positions([0, 1] * 20)
    assert positions([1] * 20 + [0] * 20)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"shots": 2}, "is too few for 3 classes"),
        ({"shots": 0}, "is too few for 3 classes"),
        ({"shots": -1}, "is too few for 3 classes"),
        ({"shots": 46}, r"45 training texts.*--shots full"),
        ({"shots": 10, "shots_per_class": 2}, "exclude each other"),
        ({"shots": None, "shots_per_class": 6}, "smallest class has: 5"),
        ({"shots": None, "shots_per_class": 0}, "1 or more"),
        ({"shots": 10, "draw": -1}, "seed must be 0 or more"),
    ],
)
def test_refused(settings, message):
    with pytest.raises(DataError, match=message):
        draw_shots(pool(20, 20, 5), SINGLE, DrawSettings(**settings))
