"""When a search that has a store may start, and what is said of the store at its end."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from s3_server import S3
from small_searches import go_on, keep, make_search

from tune_dml.cluster.keeping import kept, stored
from tune_dml.config import SearchSettings
from tune_dml.errors import EnvironmentFault, ResultsError, UsageError
from tune_dml.reporting.output import Output
from tune_dml.results.search_file import read_search_file


def out() -> Output:
    return Output(Console(file=io.StringIO(), width=1000))


def said(output: Output) -> str:
    file: Any = output.console.file
    return str(file.getvalue())


def settings_of(folder: Path, uri: str) -> SearchSettings:
    return replace(read_search_file(folder).settings, store=uri, store_every=0.05)


def test_all_is_copied_by_the_end(s3: S3, tmp_path: Path) -> None:
    folder, output = make_search(tmp_path, "mine"), out()
    with kept(settings_of(folder, s3.uri), folder, output):
        go_on(folder)
        (folder / "best.yaml").write_text("config: {}\n")
    assert said(output) == f"store: a copy in {s3.uri}, every 0.05 s\n"
    # And goes on from there.
    with kept(settings_of(folder, s3.uri), folder, output):
        go_on(folder)


def test_a_search_that_ends_in_an_error_is_copied_too(tmp_path: Path) -> None:
    folder = make_search(tmp_path, "mine")

    def fail() -> None:
        with kept(settings_of(folder, str(tmp_path / "copies")), folder, out()):
            (folder / "best.yaml").write_text("config: {}\n")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert (tmp_path / "copies" / "mine" / "best.yaml").is_file()


def test_what_the_last_copy_lacks_is_said(s3: S3, tmp_path: Path) -> None:
    folder, output = make_search(tmp_path, "mine"), out()
    with kept(replace(settings_of(folder, s3.uri), store_every=60), folder, output):
        s3.stop()
    s3.start()
    last = said(output).splitlines()[-1]
    later = f"tune-dml resume mine --results {tmp_path}"
    assert last == f"warning: the store {s3.uri} does not have everything (no connection). Later: {later}"


@pytest.mark.parametrize(("here", "there", "words"), [(0, 1, "is newer"), (1, 2, "went on without what is here")])
def test_a_copy_that_went_on_elsewhere_is_not_overwritten(here: int, there: int, words: str, tmp_path: Path) -> None:
    folder, copies = make_search(tmp_path / "here", "mine"), str(tmp_path / "copies")
    elsewhere = tmp_path / "elsewhere" / "mine"
    shutil.copytree(folder, elsewhere)
    go_on(folder, here)
    go_on(elsewhere, there)
    keep(elsewhere, copies)
    with pytest.raises(ResultsError, match=words), kept(settings_of(folder, copies), folder, out()):
        pytest.fail("it ran")
    assert (tmp_path / "copies" / "mine" / "study.log").read_bytes() == (elsewhere / "study.log").read_bytes()


def test_a_store_that_cannot_be_reached_or_written_keeps_a_search_from_starting(s3: S3, tmp_path: Path) -> None:
    folder = make_search(tmp_path, "mine")
    s3.stop()
    with pytest.raises(EnvironmentFault, match="no connection"), kept(settings_of(folder, s3.uri), folder, out()):
        pytest.fail("it ran")
    s3.start()
    assert folder.is_dir()
    (tmp_path / "copies").mkdir()
    (tmp_path / "copies" / "mine").write_text("in the way")
    settings = settings_of(folder, str(tmp_path / "copies"))
    with pytest.raises(EnvironmentFault, match="cannot be written"), kept(settings, folder, out(), new=True):
        pytest.fail("it ran")
    assert not folder.exists()


def test_the_results_are_no_place_for_their_copy(tmp_path: Path) -> None:
    folder = make_search(tmp_path, "mine")
    with pytest.raises(UsageError), kept(settings_of(folder, str(folder.parent)), folder, out()):
        pytest.fail("it ran")


def test_another_store_or_none_may_be_named(tmp_path: Path) -> None:
    settings = settings_of(make_search(tmp_path, "mine"), "s3://bucket")
    assert stored(settings, None).store == "s3://bucket"
    assert stored(settings, "gs://other/").store == "gs://other"
    assert stored(settings, "none").store is None
