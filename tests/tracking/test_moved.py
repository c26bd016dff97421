"""Results that are moved, copied, linked to or shared: MLflow's locations follow the folder, and nothing else."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tune_dml.config import DrawSettings, SearchSettings, TaskSettings, file_uri
from tune_dml.errors import EnvironmentFault
from tune_dml.tracking import (
    Finish,
    ModelRegistration,
    Tracker,
    best_per_task,
    embedded_uri,
    follow,
    model_name,
    reconcile_search,
)
from tune_dml.tracking.moved import KNOWN, LOCATIONS
from tune_dml.tracking.schema import revisions

ABOUT = ModelRegistration(0.8, ("neg", "pos"), pip_requirements=("numpy",))


def search(results: Path, name: str, task: str = "moving house") -> SearchSettings:
    return SearchSettings(name, TaskSettings(task), DrawSettings(), "e", "default", results=str(results))


def write(results: Path, name: str, content: str, uri: str | None = None) -> SearchSettings:
    """A search with a file and a model, written as a search writes it."""
    settings = search(results, name)
    folder = results / "searches" / name
    (folder / "model").mkdir(parents=True, exist_ok=True)
    (folder / "model" / "labels.json").write_text(content)
    (folder / "best.yaml").write_text(content)
    finish = Finish("FINISHED", {}, "", (str(folder / "best.yaml"),), config={"loss": "ce"}, winner="trial-0")
    if uri is not None:
        settings = SearchSettings(**{**settings.__dict__, "tracking_uri": uri})
    model = (folder / "model", ABOUT)
    assert reconcile_search(settings, results, [], about={}, best={1: 0.5}, finish=finish, model=model) == []
    return settings


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with one search; tests move copies of it, under a path that is gone."""
    results = tmp_path_factory.mktemp("made") / "results ä 1%"
    write(results, "first", "first")
    gone = results.with_name("kept")
    results.rename(gone)
    return gone


def locations(results: Path) -> set[str]:
    with sqlite3.connect(results / "mlflow.db") as opened:
        return {
            str(row[0])
            for table, column, which in LOCATIONS
            for row in opened.execute(f"SELECT {column} FROM {table} WHERE 1{which}")
            if row[0] is not None and "mlartifacts" in str(row[0])
        }


@pytest.fixture
def best_content(best_folder: Callable[[str, Path], Path]) -> Callable[[Path], str]:
    def content(results: Path) -> str:
        folder = best_folder(model_name(search(results, "x")), results)
        return (folder / "data" / "model" / "labels.json").read_text()

    return content


def test_a_folder_that_is_moved_twice(made, tmp_path, best_content):
    """And written to at each place, by a running search as well as by sync."""
    place = shutil.copytree(made, tmp_path / "a")
    former = locations(place)
    for number, name in enumerate(("b #?", "c/deeper")):
        new = tmp_path / name
        new.parent.mkdir(exist_ok=True)
        place.rename(new)
        place, before = new, place
        said: list[str] = []
        tracker = Tracker(search(place, f"new-{number}"), place, said.append)
        tracker.search_started({})
        (place / "searches" / f"new-{number}" / "log.txt").write_text("here")
        tracker.search_finished("FINISHED", {}, artifacts=[place / "searches" / f"new-{number}" / "log.txt"])
        assert tracker.close()
        assert len(said) == 1
        assert "The results were moved from" in said[0]
        assert said[0].count(str(place)) >= 1
        assert follow(place) is None, "it is said once"
        root = file_uri(place / "mlartifacts") + "/"
        assert all(location.startswith(root) for location in locations(place))
        assert not locations(place) & former
        assert best_content(place) == "first"
        assert len(list((place / "mlartifacts").glob("*/*/artifacts/log.txt"))) == number + 1
        assert not before.exists(), "nothing is written to the old place"
        (row,) = best_per_task(embedded_uri(place))
        assert row.search == "first"


def test_a_copy_parts_from_its_original(made, tmp_path):
    original = shutil.copytree(made, tmp_path / "original")
    follow(original)
    copy = shutil.copytree(original, tmp_path / "copy")
    before = locations(original)
    assert str(tmp_path / "original") in (follow(copy) or "")
    assert all(str(tmp_path / "copy") in location for location in locations(copy))
    assert follow(original) is None
    assert locations(original) == before


def test_a_folder_without_artifacts_yet(made, tmp_path):
    place = shutil.copytree(made, tmp_path / "bare")
    shutil.rmtree(place / "mlartifacts")
    assert follow(place) is not None
    assert all(str(place) in location for location in locations(place))


def test_a_folder_that_is_reached_in_two_ways_stays_as_it_is(made, tmp_path):
    place = shutil.copytree(made, tmp_path / "real")
    follow(place)
    before = locations(place)
    (tmp_path / "link").symlink_to(place)
    assert follow(tmp_path / "link") is None
    assert locations(place) == before
    # Moved, with a link left at the old path.
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    assert follow(tmp_path / "elsewhere") is None
    assert locations(place) == before


def test_what_another_folder_wrote_to_this_store_stays(made, tmp_path):
    here, other = shutil.copytree(made, tmp_path / "here"), tmp_path / "other"
    follow(here)
    settings = SearchSettings(
        "s", TaskSettings("theirs"), DrawSettings(), "e", "default", tracking_uri=embedded_uri(here)
    )
    assert reconcile_search(settings, other, [], about={}) == []
    before = locations(here)
    assert any(str(other) in location for location in before)
    assert follow(here) is None
    assert locations(here) == before


def test_files_that_were_left_at_the_old_place_are_still_found(made, tmp_path, best_content):
    old = shutil.copytree(made, tmp_path / "old")
    follow(old)
    new = shutil.copytree(old, tmp_path / "new")
    (run,) = (new / "mlartifacts").glob("*/*")
    shutil.rmtree(run)
    write(new, "second", "second")
    assert {str(new) in location for location in locations(new)} == {True, False}
    assert best_content(new) == "first"


def test_a_schema_that_is_not_known_is_left_alone(made, tmp_path):
    place = shutil.copytree(made, tmp_path / "future")
    before = locations(place)
    with sqlite3.connect(place / "mlflow.db") as opened:
        opened.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    said = follow(place)
    assert said is not None
    assert "Move the folder back, or upgrade tune-dml" in said
    assert locations(place) == before


def test_a_store_that_another_process_holds(made, tmp_path, monkeypatch):
    monkeypatch.setattr("tune_dml.tracking.moved._LOCK_SECONDS", 0.1)
    place = shutil.copytree(made, tmp_path / "held")
    before = locations(place)
    holder = sqlite3.connect(place / "mlflow.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(EnvironmentFault, match="held by another process"):
        follow(place)
    holder.execute("ROLLBACK")
    holder.close()
    assert locations(place) == before
    assert follow(place) is not None


def test_the_schema_of_the_installed_mlflow_is_known():
    assert revisions()[1] in KNOWN


def test_what_was_owed_when_the_folder_was_moved_is_found(make_settings, tmp_path, best_content):
    """A server was away; the notes name files by their old paths."""
    old = tmp_path / "old"
    settings = search(old, "owing")
    away = SearchSettings(**{**settings.__dict__, "tracking_uri": "http://127.0.0.1:9"})
    folder = old / "searches" / "owing"
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "labels.json").write_text("owed")
    (folder / "best.yaml").write_text("owed")
    tracker = Tracker(away, old, retry_seconds=0.05)
    tracker.search_started({})
    tracker.search_finished("FINISHED", {}, artifacts=[folder / "best.yaml"])
    tracker.register_model(folder / "model", ABOUT)
    assert not tracker.close()
    new = tmp_path / "new"
    old.rename(new)
    assert reconcile_search(search(new, "owing"), new, []) == []
    assert best_content(new) == "owed"
    assert len(list((new / "mlartifacts").glob("*/*/artifacts/best.yaml"))) == 1
    assert not old.exists()
