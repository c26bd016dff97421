from pathlib import Path

import pytest

from tune_dml.config import absolute_path
from tune_dml.errors import UsageError


def test_home_and_relative_parts_are_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    assert absolute_path("a/b.csv") == tmp_path / "a" / "b.csv"
    assert absolute_path("~/b.csv") == Path("/home/me/b.csv")


@pytest.mark.parametrize("path", ["~nobody-at-all/x", "a\0b", "a" * 300, "/" + "a/" * 5_000, "\udcff.csv"])
def test_a_path_that_no_file_can_have_is_a_sentence(path: str) -> None:
    with pytest.raises(UsageError, match="path"):
        absolute_path(path)


def test_a_name_like_that_of_a_home_folder_can_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"What is called so is \./~ mine\."):
        absolute_path("~ mine")
    assert absolute_path("./~ mine") == tmp_path / "~ mine"
