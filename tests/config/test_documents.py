import math
from typing import Any

import pytest

from tune_dml.config import DrawSettings, SearchSettings, TaskSettings, from_values, line_too_deep

SETTINGS = {"name": "a", "task": {"task": "mine"}, "draw": {}, "encoder": "e", "space": "s"}


def test_lists_become_tuples_and_whole_numbers_become_floats() -> None:
    values = {**SETTINGS, "losses": ["ce", "supcon"], "time_budget": 60, "draw": {"shots": None}}
    expected = SearchSettings(
        "a", TaskSettings("mine"), DrawSettings(shots=None), "e", "s", losses=("ce", "supcon"), time_budget=60.0
    )
    assert from_values(SearchSettings, values) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trials", "16"),
        ("trials", 1.5),
        ("trials", True),
        ("confirm", 1),
        ("encoder", None),
        ("encoder", "\ud800"),
        ("losses", "ce"),
        ("losses", [1]),
        ("time_budget", math.inf),
        ("time_budget", 10**400),
        ("task", "mine"),
        ("task", {"task": 5}),
        ("draw", {"folds": [5]}),
        ("draw", {"fold": 5}),
    ],
)
def test_a_value_of_another_kind_is_refused(name: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        from_values(SearchSettings, {**SETTINGS, name: value})


def test_what_is_missing_is_named() -> None:
    with pytest.raises(TypeError, match="encoder is missing"):
        from_values(SearchSettings, {name: value for name, value in SETTINGS.items() if name != "encoder"})


def test_depth_and_aliases_are_found_without_building_anything() -> None:
    assert line_too_deep("a: [[1]]\nb: 2\n") is None
    assert line_too_deep("a: 1\nb: " + "[" * 100_000) == 2
    assert line_too_deep("a: &x 1\nb: *x\n") is None
    assert line_too_deep("a: &x 1\nb: *x\n", aliases=False) == 2
