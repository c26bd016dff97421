"""Texts as Python's callers hold them: read by their text column, as files are, or refused in a sentence."""

from __future__ import annotations

from typing import Any

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tune_dml.data.given import given_texts
from tune_dml.data.text_forms import ONE_TEXT, TWO_TEXTS
from tune_dml.errors import DataError, ModelError

NAN = float("nan")


@pytest.mark.parametrize(
    "given",
    [
        ["a film", " b film "],
        ("a film", "b film"),
        (text for text in ("a film", "b film")),
        np.array(["a film", "b film"]),
        np.array([["a film"], ["b film"]], dtype=object),
        pd.Series(["a film", "b film"], name="anything", index=[7, 3]),
        pd.Series(["a film", "b film"], dtype="category"),
        pd.DataFrame({"id": [1, 2], "text": ["a film", "b film"], "more": [NAN, 0]}),
        pd.DataFrame({"Text": ["a film", "b film"]}),
        pd.DataFrame({"sentence": ["a film", "b film"], "label": [0, 1]}),
        pd.DataFrame(["a film", "b film"]),
        {"text": ["a film", "b film"], "id": [1, 2]},
        {"text": pd.Series(["a film", "b film"])},
        {"text": {0: "a film", 1: "b film"}, "id": {0: 7, 1: 8}},
        [{"text": "a film"}, {"id": 2, "text": "b film"}],
        [{"text": "a film"}, {"id": 2, "Text": "b film"}],
        pa.table({"text": ["a film", "b film"]}),
        datasets.Dataset.from_dict({"text": ["a film", "b film"], "label": [0, 1]}),
    ],
    ids=lambda given: type(given).__name__,
)
def test_single_texts(given: Any) -> None:
    read = given_texts(given, ONE_TEXT)
    assert (read.texts, read.texts_b, read.missing) == (["a film", "b film"], None, 0)


@pytest.mark.parametrize(
    "given",
    [
        [("a", "b"), ["c", "d"]],
        np.array([["a", "b"], ["c", "d"]]),
        pd.DataFrame({"text_b": ["b", "d"], "id": [1, 2], "text_a": ["a", "c"]}),
        pd.DataFrame({"sentence1": ["a", "c"], "sentence2": ["b", "d"]}),
        pd.DataFrame([["a", "b"], ["c", "d"]]),
        {"text_a": ["a", "c"], "text_b": ["b", "d"]},
        [{"text_a": "a", "text_b": "b"}, {"text_a": "c", "text_b": "d"}],
    ],
    ids=lambda given: type(given).__name__,
)
def test_pairs(given: Any) -> None:
    read = given_texts(given, TWO_TEXTS)
    assert (read.texts, read.texts_b, read.missing) == (["a", "c"], ["b", "d"], 0)


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        (["a", None, NAN, pd.NA, np.float32("nan")], ["a", "", "", "", ""]),
        (pd.Series(["a", None]), ["a", ""]),
        (pd.DataFrame({"text": pd.array(["a", pd.NA], dtype="string")}), ["a", ""]),
        ({"text": [None, "None", "nan"]}, ["", "None", "nan"]),
        ([{"text": "a"}, {"id": 3}], ["a", ""]),
    ],
)
def test_a_missing_text_is_empty_and_counted(given: Any, texts: list[str]) -> None:
    read = given_texts(given, ONE_TEXT)
    assert read.texts == texts
    assert read.missing == sum(not text for text in texts)


def test_a_pair_that_lacks_a_text() -> None:
    read = given_texts([("a", "b"), (None, "d")], TWO_TEXTS)
    assert (read.texts, read.texts_b, read.missing) == (["a", ""], ["b", "d"], 1)


def test_nothing_is_nothing() -> None:
    for given in ([], pd.Series([], dtype=object), pd.DataFrame({"text": []}), {"text": []}):
        assert given_texts(given, ONE_TEXT).texts == []


def test_a_row_by_itself() -> None:
    assert given_texts({"text": "a film", "id": 3}, ONE_TEXT).texts == ["a film"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("a film", r"did you mean \[text\]"),
        (b"a film", r"did you mean \[text\]"),
        (pd.DataFrame({"id": [1, 2]}), "The columns here are: id"),
        (pd.DataFrame({"body": ["a"], "title": ["b"], "label": [0]}), "The columns here are: body, title, label"),
        (pd.DataFrame([[1], [2]]), "Number 1 is an int"),
        (pd.DataFrame([["a", "b", "c"]]), "The columns here are: 0, 1, 2"),
        (pd.DataFrame([["a", "b"]], columns=["text", "text"]), "more than once"),
        ({"body": ["a"]}, "The columns here are: body"),
        ({}, "The columns here are: none"),
        ({"train": pd.DataFrame({"text": ["a"]})}, r"several data sets \(train\)"),
        ({"a", "b"}, "This is a set"),
        ({"text": {"a", "b"}}, "A set has no order"),
        (5, "This is an int"),
        (None, "This is a NoneType"),
        ([1, 2], "Number 1 is an int"),
        (pd.Series([1, 2]), "Number 1 is an int"),
        (["a", ["b"]], "Number 2 is a list"),
        ([("a", "b")], "Number 1 is a tuple"),
        (["a", {"text": "b"}], "Number 2 is a dict"),
        (datasets.Dataset.from_dict({"text": ["q"], "id": [1]}).with_format(columns=["id"]), "hidden by a format"),
    ],
)
def test_anything_else_is_refused(given: Any, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        given_texts(given, ONE_TEXT)


@pytest.mark.parametrize(("cells", "kind"), [([["a", "b"]], "list"), (b"a film", "bytes")])
def test_a_cell_that_is_no_text(cells: Any, kind: str) -> None:
    with pytest.raises(DataError, match=f"holds {kind} values"):
        given_texts({"text": cells}, ONE_TEXT)


@pytest.mark.parametrize("given", [{"review": ["a"], "text": ["b"]}, pd.DataFrame({"Review": ["a"]})])
def test_the_model_s_own_columns_come_first(given: Any) -> None:
    assert given_texts(given, ONE_TEXT, own=("review",)).texts == ["a"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["a"], "Number 1 is a str"),
        ([("a", "b", "c")], "Number 1 is a tuple"),
        (pd.DataFrame({"text_a": ["a"]}), "The columns here are: text_a"),
        ({"text_a": ["a"], "text_b": ["b", "c"]}, "different lengths"),
    ],
)
def test_no_pairs(given: Any, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        given_texts(given, TWO_TEXTS)
