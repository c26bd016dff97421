"""Labels that are numbers: what is read, what is refused, how they are spread out and scored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tune_dml.config import DrawSettings, TaskSettings
from tune_dml.data import draw_shots, kind_named, load_task, make_folds
from tune_dml.data.number_metrics import PEARSON, RMSE, SPEARMAN
from tune_dml.data.number_target import NUMBERS, bins
from tune_dml.errors import DataError

RNG = np.random.default_rng(0)
TARGETS = RNG.integers(0, 6, 80).astype(np.float64)
OUTPUTS = (TARGETS + RNG.normal(size=80)).round(1)[:, None]
OF_SCIPY = {
    SPEARMAN: lambda a, b: stats.spearmanr(a, b).statistic,
    PEARSON: lambda a, b: stats.pearsonr(a, b).statistic,
    RMSE: lambda a, b: np.sqrt(np.square(a - b).mean()),
}


def _file(folder: Path, labels: list[str], pairs: bool = False) -> Path:
    header = "text_a,text_b,label" if pairs else "text,label"
    rows = [f"film number {i},{f'play {i},' if pairs else ''}{label}" for i, label in enumerate(labels)]
    (folder / "my.csv").write_text("\n".join([header, *rows]) + "\n")
    return folder / "my.csv"


def _read(path: Path, kind: str | None = "regression") -> object:
    return load_task(TaskSettings("mine", str(path), kind=kind))


@pytest.mark.parametrize("metric", OF_SCIPY, ids=lambda metric: metric.name)
def test_metrics_are_scipys(metric: object) -> None:
    of = OF_SCIPY[metric]
    assert metric.of(OUTPUTS, TARGETS) == pytest.approx(of(OUTPUTS[:, 0], TARGETS))
    weights = RNG.multinomial(80, np.full(80, 1 / 80), size=6).astype(np.float32)
    often = [row.astype(int) for row in weights]
    wanted = [of(np.repeat(OUTPUTS[:, 0], n), np.repeat(TARGETS, n)) for n in often]
    assert metric.weighted(OUTPUTS, TARGETS, weights) == pytest.approx(wanted)
    mean = metric.gains(OUTPUTS, TARGETS).mean()
    assert mean == pytest.approx(-(metric.of(OUTPUTS, TARGETS) ** 2) if metric is RMSE else metric.of(OUTPUTS, TARGETS))


@pytest.mark.parametrize("metric", [SPEARMAN, PEARSON], ids=lambda metric: metric.name)
def test_what_does_not_vary_correlates_with_nothing(metric: object) -> None:
    flat = np.full((80, 1), 0.1 + 0.2)
    assert metric.of(flat, TARGETS) == 0.0
    assert metric.weighted(flat, TARGETS, np.ones((1, 80), dtype=np.float32))[0] == 0.0


def test_equal_parts_keep_equal_numbers_together() -> None:
    found = bins(np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0]))
    assert len(set(found[:6])) == 1
    assert sorted(set(found)) == list(range(int(found.max()) + 1))
    assert np.all(np.diff(found) >= 0)
    sizes = np.bincount(bins(np.linspace(0, 5, 200)))
    assert len(sizes) == 5
    assert sizes.min() >= 39


def test_a_file_of_numbers(tmp_path: Path) -> None:
    labels = [f"{value:.2f}" for value in np.linspace(-3, 12, 60)]
    task = _read(_file(tmp_path, labels))
    assert (task.kind, task.label_names) == ("regression", ("number",))
    assert task.train.labels.dtype == np.float64
    assert task.train.labels.min() < -2.5
    assert task.test.labels.max() > 9
    kind = kind_named(task.kind)
    rows = draw_shots(task.train, kind, DrawSettings(shots=20))
    assert np.bincount(bins(task.train.labels)[rows]).tolist() == [4, 4, 4, 4, 4]
    shots = task.train.take(rows)
    folds = make_folds(shots, kind, DrawSettings(shots=20), None)
    assert sum(len(fold.heldout) for fold in folds) == 20
    counts = NUMBERS.counts(shots.labels, task.label_names)
    assert sum(counts.values()) == 20
    assert all(name.startswith("number ") and " to " in name for name in counts)


def test_two_text_columns_make_it_a_similarity(tmp_path: Path) -> None:
    task = _read(_file(tmp_path, [str(i / 7) for i in range(40)], pairs=True))
    assert task.kind == "similarity"


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (["good"], "have no number for a label (the first is 'good'"),
        ([""], "have no number for a label (the first is none"),
        (["nan"], "have no number"),
        (["inf"], "have no number"),
        (["1e400"], "have no number"),
        (["3,5"], "Write decimals with a point"),
        (["1,000"], "Write thousands without anything between them: 1000"),
        (["1_000"], "have no number for a label"),
        (["1e300"], "have no number for a label"),
    ],
)
def test_what_is_no_number_is_refused(tmp_path: Path, odd: list[str], words: str) -> None:
    cells = [f'"{cell}"' for cell in odd]
    with pytest.raises(DataError) as caught:
        _read(_file(tmp_path, [str(i) for i in range(20)] + cells))
    assert words in str(caught.value)
    assert "1 of 21 rows" in str(caught.value)


def test_a_constant_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="every training text has the number 4: there is nothing to be learnt"):
        _read(_file(tmp_path, ["4.0"] * 20))


def test_numbers_beyond_what_a_task_has_are_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, [str(i / 10) for i in range(30)] + ["7.5"], pairs=True)
    with pytest.raises(DataError, match="beyond 0 to 5"):
        load_task(TaskSettings("STSB", str(path)))


def test_a_column_of_many_numbers_is_asked_about(tmp_path: Path) -> None:
    path = _file(tmp_path, [f"{i / 7:.3f}" for i in range(60)])
    with pytest.raises(DataError, match=r"60 different numbers.*add --kind regression"):
        _read(path, kind=None)
    # Classes that are called by numbers are classes.
    stars = _file(tmp_path, [str(1 + i % 5) for i in range(60)])
    assert _read(stars, kind=None).kind == "single"
    halves = _file(tmp_path, [str(1 + i % 5 / 2) for i in range(60)])
    assert _read(halves, kind=None).kind == "single"
