"""What Python's users give a search: values of many kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tune_dml
from tune_dml.errors import UsageError
from tune_dml.workflows.api import request_from


def test_values_of_other_kinds_are_taken_for_what_they_mean() -> None:
    found = request_from(
        {
            "data": Path("my.csv"),
            "shots": np.int64(50),
            "losses": "ce, supcon",
            "encoder": ["bert-tiny", Path("own")],
            "words": {0: "terrible", 1: "great"},
            "templates": ["{text} [MASK]"],
            "time_budget": 90,
            "no_test": np.bool_(True),
        }
    )
    assert (found.data, found.shots, found.losses, found.encoder) == ("my.csv", 50, ("ce", "supcon"), "bert-tiny,own")
    assert (found.words, found.templates) == ({"0": "terrible", "1": "great"}, ("{text} [MASK]",))
    assert (found.time_budget, found.no_test) == (90, True)
    assert request_from({"words": [("a", "one")]}).words == {"a": "one"}
    assert request_from({"words": "a=one"}).words == "a=one"
    assert request_from({"words": ["a=one"]}).words == ("a=one",)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"adapt_mlm": "20"}, r"search\(\): adapt_mlm cannot be str"),
        ({"adapt_mlm": 2.5}, r"search\(\): adapt_mlm cannot be float"),
        ({"adapt_mlm": True}, r"search\(\): adapt_mlm cannot be bool"),
        ({"templates": 5}, r"search\(\): templates cannot be int"),
        ({"unlabelled": ["one"]}, r"search\(\): unlabelled cannot be tuple"),
        ({"words": 5}, r"search\(\): words cannot be int"),
        ({"trials": "many"}, r"search\(\): trials cannot be str"),
    ],
)
def test_what_an_option_cannot_be_is_said(options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        tune_dml.search(**options)
