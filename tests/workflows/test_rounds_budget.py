"""Searches that end after so many rounds, or seconds of training, and confirm the winner alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Ended

SMALL = "search --task bbc --shots 20 --encoder bert-tiny --folds 3 --confirm-seeds 2 --scheduler none --concurrency 1"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("budget", "most"), [("--max-rounds 5", 6), pytest.param("--training-budget 1s", 60, marks=pytest.mark.long)]
)
def test_trials_spend_no_more(
    budget: str, most: int, tmp_path: Path, tune_dml: Callable[..., Ended], with_store: Callable[[Path], Path]
) -> None:
    options = [*SMALL.split(), *budget.split(), "--trials", "20", "--confirm-winner-only", "--no-model"]
    ended = tune_dml(*options, "--results", str(with_store(tmp_path)), "--name", "short", "--json")
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    rows = [row for row in document["leaderboard"] if row["trial"] is not None]
    rounds = [row["rounds"] for row in rows]
    assert 1 <= sum(rounds) <= most
    assert len([n for n in rounds if n]) < 20
    assert len(document["winner"]["test"]["accuracy"]["seeds"]) == 2
    assert all(not baseline["test"] for baseline in document["baselines"].values())
    assert document["model"] is None
    assert not (tmp_path / "searches" / "short" / "model").exists()
    again = tune_dml("resume", "short", "--results", str(tmp_path), "--json")
    assert again.code == 0, again.err
    assert json.loads(again.out)["winner"] == document["winner"]
    synced = tune_dml("sync", "--results", str(tmp_path))
    assert synced.code == 0, synced.err
    shown = tune_dml("show", "short", "--results", str(tmp_path), "--json")
    assert json.loads(shown.out)["winner"] == document["winner"]


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--ensemble --no-model", "leave --no-model out"),
        ("--max-rounds 0", "--max-rounds is 0; it must be 1 or more"),
        ("--training-budget soon", "--training-budget is 'soon'"),
    ],
)
def test_mistakes_are_a_sentence(option: str, words: str, tune_dml: Callable[..., Ended], tmp_path: Path) -> None:
    ended = tune_dml("search", "--task", "bbc", *option.split(), "--results", str(tmp_path))
    assert ended.code == 2
    assert words in ended.err
