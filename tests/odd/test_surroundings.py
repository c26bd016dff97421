"""That commands are where a campaign says they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest

from .aftermath import watch
from .attempt import Attempt, Grounds
from .process import call
from .server import start_server
from .sheet import Sheet
from .surroundings import Surroundings, as_anybody, limit_files

ASK = """
import os, resource, sys
print(os.environ.get("ODD"), os.environ.get("HOME"), sys.stdout.encoding, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
try:
    open("locked/file", "w")
except OSError as error:
    print(error.strerror)
"""


@pytest.fixture(scope="module")
def server() -> None:
    start_server()


@pytest.mark.parametrize("cold", [False, True], ids=["a fork", "from nothing"])
def test_a_command_finds_what_was_put_around_it(server: None, tmp_path: Path, cold: bool) -> None:
    (tmp_path / "locked").mkdir(mode=0o555)
    around = Surroundings(acts=[as_anybody, partial(limit_files, 300)], cold=cold)
    around.set(ODD="yes")
    ended = call(["-c", ASK], tmp_path, 60, surroundings=around)
    assert ended.out.split("\n")[:2] == [f"yes {os.environ['HOME']} utf-8 300", "Permission denied"]


def test_what_is_read_at_start_makes_it_start_from_nothing(server: None, tmp_path: Path) -> None:
    around = Surroundings()
    around.set(HOME=None, PYTHONIOENCODING="latin-1")
    assert around.cold
    ended = call(["-c", ASK], tmp_path, 60, surroundings=around)
    assert ended.out.startswith("None None iso8859-1") or ended.out.startswith("None None latin-1")


def test_a_terminal_has_its_columns(server: None, tmp_path: Path) -> None:
    code = "import os, sys; print(sys.stdout.isatty(), os.get_terminal_size().columns)"
    ended = call(["-c", code], tmp_path, 60, surroundings=Surroundings(terminal=33))
    assert ended.out == "True 33\r\n"


def test_silence_is_measured(server: None, tmp_path: Path) -> None:
    code = "import time; print(1, flush=True); time.sleep(1); print(2, flush=True); time.sleep(0.2)"
    assert 0.9 < call(["-c", code], tmp_path, 60).silence < 3


@pytest.mark.parametrize(
    ("act", "found"),
    [
        (lambda work: (work / "results" / "a").write_text(""), []),
        (lambda work: (work / "what").write_text(""), ["what"]),
        (lambda work: (work.parent / "what").write_text(""), ["what"]),
        (lambda work: (work.parent / "home" / ".what").write_text(""), ["~/.what"]),
        (lambda work: (work.parents[1] / "encoders" / "what").write_text(""), ["encoders/what"]),
    ],
)
def test_files_where_there_are_to_be_none_are_found(
    tmp_path: Path, act: Callable[[Path], object], found: list[str]
) -> None:
    grounds = Grounds(tmp_path, tmp_path / "encoders", lambda name: tmp_path, {})
    work = tmp_path / "run 1" / "work"
    for folder in (grounds.encoders, tmp_path / "shared", work / "results", work.parent / "home"):
        folder.mkdir(parents=True)
    strays = watch(Attempt("look", Random(1), work, grounds, Sheet({})), "results")
    act(work)
    assert strays() == found
