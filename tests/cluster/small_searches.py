"""Searches that have not run: their files and journals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from search_files import ABOUT

from tune_dml.config import DrawSettings, SearchSettings, TaskSettings
from tune_dml.storage import Keeper, open_store, parse_address
from tune_dml.tuning.journal import Journal


def make_search(results: Path, name: str, trials: int = 2, shots: int = 4) -> Path:
    """A search that has been interrupted: its file and its journal."""
    settings = SearchSettings(name, TaskSettings("bbc"), DrawSettings(shots), "bert-tiny", "ce", results=str(results))
    about = replace(
        ABOUT,
        settings=settings,
        rows=tuple(range(shots)),
        labels=(0, 1) * (shots // 2),
        hashes=("0",) * shots,
        folds=ABOUT.folds[:1],
    )
    folder = results / "searches" / name
    folder.mkdir(parents=True)
    about.write(folder)
    journal = Journal(folder)
    for _ in range(trials):
        journal.ask()
    journal.close()
    return folder


def go_on(folder: Path, trials: int = 1) -> None:
    journal = Journal(folder)
    for _ in range(trials):
        journal.ask()
    journal.close()


def keep(folder: Path, uri: str) -> None:
    keeper = Keeper(open_store(parse_address(uri)), folder.name, folder, every=60)
    keeper.start()
    assert keeper.close() is None
