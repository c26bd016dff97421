"""``tune-dml fetch``, on searches that have not run: what comes, and what is never overwritten."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from s3_server import S3
from small_searches import go_on, keep, make_search

from tune_dml.cli import main
from tune_dml.results.search_file import read_search_file
from tune_dml.tuning.journal import Journal


@pytest.fixture(params=["folder", "s3"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store's URI."""
    return str(request.getfixturevalue("s3").uri) if request.param == "s3" else str(tmp_path / "copies")


@pytest.fixture
def copies(tmp_path: Path) -> str:
    return str(tmp_path / "copies")


def test_the_searches_of_a_store_are_listed(source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("first", "second"):
        keep(make_search(tmp_path / "there", name), source)
    assert main(["fetch", source]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.rstrip().splitlines()[-2:]] == ["first", "second"]
    assert main(["fetch", source, "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == ["first", "second"]


def test_a_search_is_brought_and_lives_where_it_is_now(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = make_search(tmp_path / "there", "mine")
    keep(there, source)
    journal = (there / "study.log").read_bytes()
    shutil.rmtree(tmp_path / "there")
    here = tmp_path / "here"
    assert main(["fetch", source, "mine", "--results", str(here)]) == 0
    assert f"tune-dml resume mine --results {here}" in capsys.readouterr().out
    folder = here / "searches" / "mine"
    assert (folder / "study.log").read_bytes() == journal
    settings = read_search_file(folder).settings
    assert (settings.name, settings.results) == ("mine", str(here))
    assert [path.name for path in here.iterdir()] == ["searches"]
    assert main(["list", "--results", str(here)]) == 0
    assert "interrupted" in capsys.readouterr().out


def test_an_older_copy_is_brought_up_to_date(copies: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there, here = make_search(tmp_path / "there", "mine"), tmp_path / "here"
    keep(there, copies)
    fetch = ["fetch", copies, "mine", "--results", str(here)]
    assert main(fetch) == 0
    go_on(there)
    # As a confirm does.
    about = read_search_file(there)
    replace(about, settings=replace(about.settings, confirm_seeds=9)).write(there)
    keep(there, copies)
    assert main(fetch) == 0
    assert "has the search now" in capsys.readouterr().out
    folder = here / "searches" / "mine"
    assert (folder / "study.log").read_bytes() == (there / "study.log").read_bytes()
    assert read_search_file(folder).settings.confirm_seeds == 9
    assert main(fetch) == 0
    assert "has all that is new" in capsys.readouterr().out
    (there / "leaderboard.csv").write_text("rank\n")
    keep(there, copies)
    assert main(fetch) == 0
    assert (folder / "leaderboard.csv").is_file()
    assert [path.name for path in here.iterdir()] == ["searches"]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("newer", "is newer than the copy"),
        ("apart", "is not overwritten"),
        ("another search", "is not overwritten"),
        ("another search without trials", "is not overwritten"),
        ("running", "being run by another process"),
    ],
)
def test_what_is_here_is_not_overwritten(
    what: str, words: str, copies: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there, here = make_search(tmp_path / "there", "mine"), tmp_path / "here"
    folder = here / "searches" / "mine"
    if what.startswith("another"):
        make_search(here, "mine", shots=6)
        if "without" in what:
            (folder / "study.log").unlink()
    else:
        shutil.copytree(there, folder)
    keep(there, copies)
    running = Journal(folder) if what == "running" else None
    if what in ("newer", "apart"):
        go_on(folder)
    if what == "apart":
        go_on(there, trials=2)
        keep(there, copies)
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    assert main(["fetch", copies, "mine", "--results", str(here)]) == 2
    assert words in capsys.readouterr().err
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before
    assert [path.name for path in here.iterdir()] == ["searches"]
    if running is not None:
        running.close()


def test_what_a_foreign_search_calls_itself_leads_nowhere(copies: str, tmp_path: Path) -> None:
    there, here = make_search(tmp_path / "there", "mine"), tmp_path / "here"
    text = (there / "search.yaml").read_text()
    (there / "search.yaml").write_text(text.replace("name: mine", "name: ../../../outside"))
    keep(there, copies)
    assert main(["fetch", copies, "mine", "--results", str(here)]) == 0
    assert read_search_file(here / "searches" / "mine").settings.name == "mine"


def test_a_server_that_is_down_is_a_fault_of_the_environment(
    s3: S3, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    s3.stop()
    for command in (["fetch", s3.uri], ["search", "--task", "bbc", "--store", s3.uri, "--results", str(tmp_path)]):
        assert main(command) == 3
        err = capsys.readouterr().err
        assert "cannot be reached (no connection)" in err
        assert "hidden" not in err
    assert list(tmp_path.iterdir()) == []
    s3.start()
    assert main(["fetch", s3.uri.replace("bucket", "absent")]) == 3
    assert "there is no bucket 'absent'" in capsys.readouterr().err


def test_a_name_that_is_taken_in_the_store_is_refused(
    copies: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(make_search(tmp_path / "there", "mine"), copies)
    command = ["search", "--task", "bbc", "--store", copies, "--name", "mine", "--results", str(tmp_path / "here")]
    assert main(command) == 2
    assert f"tune-dml fetch {copies} mine" in capsys.readouterr().err
