from __future__ import annotations

from tune_dml.results.versions import other_versions, versions


def test_the_same_versions_say_nothing() -> None:
    assert other_versions(versions("cpu")) is None
    assert other_versions(versions("cuda") | {"python": "3.99", "ray": "1"}) is None


def test_what_numbers_depend_on_is_named() -> None:
    sentence = other_versions(versions("cpu") | {"tune-dml": "0.0.1", "torch": "1.0"})
    assert sentence is not None
    assert sentence.startswith("It was made with tune-dml 0.0.1 (here ")
    assert "torch 1.0 (here " in sentence
    assert "numpy" not in sentence


def test_an_early_file_without_versions_is_no_other() -> None:
    assert other_versions({}) is None
