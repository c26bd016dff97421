"""What every kind of task has to hold, and that nothing outside of its spec asks for one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tune_dml
from tune_dml.data import KINDS, METRICS, Kind, kind_named
from tune_dml.data.kind import Target
from tune_dml.errors import UsageError
from tune_dml.losses import LOSSES
from tune_dml.models.readouts import READOUT_SPECS
from tune_dml.recipe import domains
from tune_dml.training.objectives import OBJECTIVES

PACKAGE = Path(tune_dml.__file__).parent
OUTPUTS = 3


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def target(kind: Kind) -> Target:
    return kind.target


def test_what_it_names_is_there(kind: Kind, target: Target) -> None:
    assert kind_named(kind.name) is kind
    assert kind.register() == []
    assert kind.texts.count == len(kind.texts.keys)
    assert target.objective in OBJECTIVES
    assert set(target.losses or ()) <= set(LOSSES)
    for readout in (*target.readouts, target.trained_readout):
        assert readout in READOUT_SPECS
        assert domains()["readout"].contains(readout)
    for metric in target.metrics:
        assert METRICS[metric.name] is metric
        assert metric.ties is None or METRICS[metric.ties] in target.metrics
        assert (metric.rows is None) != (metric.weighted is None)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("single", {}, "there is a kind 'single' already"),
        ("my kind", {}, "'my kind' cannot be a kind's name"),
        ("mine", {"metrics": ()}, "needs a metric and a read-out"),
        ("mine", {"readouts": ()}, "needs a metric and a read-out"),
    ],
)
def test_what_cannot_be_a_kind_says_why(name: str, change: dict[str, object], words: str) -> None:
    of_another = replace(KINDS["single"], name=name, target=replace(KINDS["single"].target, **change))
    before = set(KINDS)
    assert words in " ".join(of_another.register())
    assert set(KINDS) == before


def test_targets_go_through_every_function(target: Target) -> None:
    if not target.sure:
        pytest.skip("numbers have no names: test_numbers.py")
    targets = target.made_up(12, OUTPUTS, OUTPUTS)
    names = tuple("abc")
    assert targets.dtype == target.dtype
    assert not target.unknown(targets).any()
    strata = target.strata(targets)
    assert strata.shape == (12,)
    assert len(np.unique(strata)) == OUTPUTS
    kept, by_kept = target.narrowed(targets)
    assert kept.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(by_kept(targets), targets)
    assert target.counts(targets, names) == {"a": 4, "b": 4, "c": 4}
    assert target.unknown(by_kept(targets)).sum() == 0
    assert len(target.named(targets, names)) == 12


def test_metrics_of_what_is_right(target: Target) -> None:
    if not target.sure:
        pytest.skip("numbers have no names: test_numbers.py")
    targets = target.made_up(12, OUTPUTS, OUTPUTS)
    right = np.where(np.arange(12)[:, None] % OUTPUTS == np.arange(OUTPUTS)[None, :], 0.98, 0.01)
    np.testing.assert_array_equal(target.decided(right), targets)
    wrong = np.roll(right, 1, axis=1)
    weights = np.ones((2, 12), dtype=np.float32)
    for metric in target.metrics:
        better, worse = metric.of(right, targets), metric.of(wrong, targets)
        assert (better < worse) == metric.lower_is_better
        assert metric.gains(right, targets).mean() > metric.gains(wrong, targets).mean()
        if metric.rows is not None:
            assert metric.rows(right, targets).mean() == pytest.approx(better)
        if metric.weighted is not None:
            np.testing.assert_allclose(metric.weighted(wrong, targets, weights), worse, atol=1e-6)
    assert not target.same_answer(right, targets)


def test_an_unknown_one_is_named() -> None:
    with pytest.raises(UsageError, match="'pairs' is not a kind of task: did you mean 'pair'"):
        kind_named("pairs")


def test_no_other_module_asks_for_a_kind() -> None:
    every = "|".join(name.upper() for name in ("single", "pair", "multilabel", "regression", "similarity"))
    asked = re.compile(rf"\b({every})\b\s*(==|!=|is\b)|(==|!=|\bis|\bin)\s*\(?({every})\b")
    named = re.compile(r'"(single|pair|multilabel)"')
    # The registry of tasks says of each task which kind it is of.
    own = {"known_tasks.py", *(path.name for path in (PACKAGE / "data" / "kinds").glob("[a-z]*.py"))}
    for path in PACKAGE.rglob("[a-z]*.py"):
        text = path.read_text(encoding="utf-8")
        assert path.name in own or not (asked.search(text) or named.search(text)), path
