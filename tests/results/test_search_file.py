"""``search.yaml`` survives the disk, and leads nowhere but to the folder it is in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from search_files import ABOUT

from tune_dml.config import State, TrialRecord
from tune_dml.errors import ResultsError
from tune_dml.results.best_file import read_best, write_best
from tune_dml.results.search_file import read_search_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "searches" / "one"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("name", ["one", "../../elsewhere", "/elsewhere"])
def test_a_search_is_where_its_file_is(folder: Path, tmp_path: Path, name: str) -> None:
    replace(ABOUT, settings=replace(ABOUT.settings, name=name, results="/somewhere/else")).write(folder)
    about = read_search_file(folder)
    assert (about.settings.name, about.settings.results) == ("one", str(tmp_path))
    assert about.settings.task == ABOUT.settings.task
    assert (about.rows, about.hashes, about.notes) == (ABOUT.rows, ABOUT.hashes, ABOUT.notes)
    assert about.folds[0].heldout.tolist() == [2, 3]


def test_what_was_inside_of_moved_results_is_found_where_they_are(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("text,label")
    (tmp_path / "encoder").mkdir()
    settings = replace(
        ABOUT.settings,
        results="/former",
        task=replace(ABOUT.settings.task, data="/former/data.csv"),
        encoder="/former/encoder",
        tracking_uri="sqlite:////former/mlflow.db",
    )
    replace(ABOUT, settings=settings).write(folder)
    now = read_search_file(folder).settings
    assert now.task.data == str(tmp_path / "data.csv")
    assert now.encoder == str(tmp_path / "encoder")
    assert now.tracking_uri == f"sqlite:///{tmp_path}/mlflow.db"
    write_best(folder, replace(ABOUT, settings=settings), TrialRecord(0, "trial", "ce #0", State.COMPLETE, {}), {})
    best = read_best(folder / "best.yaml")
    assert (best.task.data, best.encoder) == (now.task.data, now.encoder)


def test_what_was_elsewhere_stays_there(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("text,label")
    task = replace(ABOUT.settings.task, data="/former-data/data.csv")
    settings = replace(ABOUT.settings, results="/former", task=task, tracking_uri="sqlite:////elsewhere/mlflow.db")
    replace(ABOUT, settings=settings).write(folder)
    now = read_search_file(folder).settings
    assert (now.task, now.encoder, now.tracking_uri) == (task, ABOUT.settings.encoder, settings.tracking_uri)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rows: [0, 1, 2, 3]", "rows: [a]"),
        ("rounds: 2", "rounds: two"),
        ("kind: single\n", ""),
        ("kind: single", "kind: 2020-99-99"),
        ("kind: single", "kind: " + "[" * 100_000),
        ("trials: 16", "trials: many"),
        ("shots: 8", "shots: [8]"),
    ],
)
def test_a_damaged_file_is_a_sentence(folder: Path, old: str, new: str) -> None:
    ABOUT.write(folder)
    text = (folder / "search.yaml").read_text()
    assert old in text
    (folder / "search.yaml").write_text(text.replace(old, new))
    with pytest.raises(ResultsError, match=r"search\.yaml"):
        read_search_file(folder)


@pytest.mark.parametrize("label", ["x", None, True, {"a": 1}, 10**30, [1, "x"], [0, 1], 2], ids=str)
def test_labels_that_are_no_numbers_are_damage(folder: Path, label: object) -> None:
    replace(ABOUT, labels=(0, 1, 0, label)).write(folder)
    with pytest.raises(ResultsError, match=r"search\.yaml is damaged"):
        read_search_file(folder)


def test_several_labels_of_a_text_come_back(folder: Path) -> None:
    replace(ABOUT, kind="multilabel", labels=([0, 1], [1, 1], [0, 0], [1, 0])).write(folder)
    found = read_search_file(folder)
    assert found.targets().tolist() == [[0, 1], [1, 1], [0, 0], [1, 0]]
    assert found.per_class() == {"bad": 2, "good": 2}
