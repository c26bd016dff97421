"""What a search finds does not depend on the labels of the test split."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def headlines(tmp_path: Path) -> Callable[[int], Path]:
    """A folder of labelled texts with its own test split, whose labels are permuted by a seed (0: not at all)."""
    sports = ["match", "team", "goal", "coach", "league", "striker", "season", "cup", "win", "player"]
    money = ["market", "shares", "bank", "profit", "price", "oil", "trade", "tax", "economy", "sales"]

    def rows(count: int, seed: int) -> list[tuple[str, str]]:
        generator = np.random.default_rng(seed)
        made = []
        for i in range(count):
            words = generator.choice(sports if i % 2 else money, 4, replace=False)
            made.append((f"{' '.join(words)} {seed}{i}", "sports" if i % 2 else "money"))
        return made

    def write(permutation: int) -> Path:
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        test = rows(40, 2)
        labels = [label for _, label in test]
        if permutation:
            labels = list(np.random.default_rng(permutation).permutation(labels))
        for name, texts in {"train": rows(60, 1), "test": list(zip([t for t, _ in test], labels, strict=True))}.items():
            with (folder / f"{name}.csv").open("w", newline="") as stream:
                csv.writer(stream).writerows([("text", "label"), *texts])
        return folder

    return write


def test_test_labels_decide_nothing(
    headlines: Callable[[int], Path],
    tune_dml: Any,
    tmp_path: Path,
    space_file: Path,
    with_store: Callable[[Path], Path],
) -> None:
    kept = {}
    for permutation in (0, 1):
        data, results = headlines(permutation), with_store(tmp_path / f"results-{permutation}")
        options = ["--trials", "3", "--folds", "2", "--shots", "16", "--confirm-seeds", "2", "--concurrency", "1"]
        where = [
            "--data",
            str(data),
            "--space",
            str(space_file),
            "--results",
            str(results),
            "--name",
            "blind",
            "--json",
        ]
        ended = tune_dml("search", "--task", "blind", "--encoder", "bert-tiny", *options, *where)
        assert ended.code == 0, ended.err
        folder = results / "searches" / "blind"
        with (folder / "leaderboard.csv").open() as stream:
            order = [row["name"] for row in csv.DictReader(stream)]
        files = sorted(path for path in (folder / "model").rglob("*") if path.is_file())
        model = {str(path.relative_to(folder)): path.read_bytes() for path in files}
        document = json.loads(ended.out)
        kept[permutation] = (document["winner"]["trial"], (folder / "best.yaml").read_bytes(), order, model)
        kept[permutation, "test"] = document["winner"]["test"]["accuracy"]["mean"]
    assert kept[0] == kept[1]
    assert kept[0, "test"] != kept[1, "test"]
