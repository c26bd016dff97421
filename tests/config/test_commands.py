import io
import shlex
import subprocess
from pathlib import Path

import pytest

from tune_dml.config import command, command_for


@pytest.mark.parametrize("results", ["tune-dml-results", "./tune-dml-results/", Path("tune-dml-results").absolute()])
def test_the_usual_folder_goes_without_saying(results: str | Path) -> None:
    assert command("ui", results) == "tune-dml ui"
    assert command("resume", results, "mine") == "tune-dml resume mine"


def test_another_folder_is_named_as_it_was_given() -> None:
    assert command("ui", "runs") == "tune-dml ui --results runs"


def test_a_shell_reads_it_as_it_was_meant() -> None:
    line = command("fetch", "my results", "/mnt/o'neil/copies", "mine")
    assert shlex.split(line) == ["tune-dml", "fetch", "/mnt/o'neil/copies", "mine", "--results", "my results"]


def test_a_search_is_found_by_its_folder(tmp_path: Path) -> None:
    assert command_for("sync", tmp_path / "searches" / "mine") == f"tune-dml sync mine --results {tmp_path}"
    assert command_for("sync", Path("tune-dml-results/searches/mine")) == "tune-dml sync mine"


@pytest.mark.parametrize("name", ["tab\tx", "line\nbreak", "it's\t\\x", "😀 x\x07", "plain", "ü \x1b[31m", "a\u20281"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp437", "ascii"])
def test_a_shell_reads_what_a_terminal_cannot_show(name: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    line = command("show", name, "one")
    monkeypatch.undo()
    line.encode(encoding)
    assert line.isprintable()
    read = subprocess.run(["bash", "-c", f'printf "%s\\0" {line}'], stdout=subprocess.PIPE, check=True).stdout
    assert read.decode().split("\0")[:-1] == ["tune-dml", "show", "one", "--results", name]
