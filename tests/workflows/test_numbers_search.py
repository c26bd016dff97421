"""A search of pairs with a number each, from a file to predictions, with the space that is taken by itself."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from command import Ended
from evidence import check_mlflow

import tune_dml
from tune_dml.config import TaskSettings
from tune_dml.data import load_task
from tune_dml.tuning.journal import Journal

SMALL = "--encoder bert-tiny --shots 40 --folds 2 --trials 2 --confirm-seeds 2 --concurrency 1 --max-length 32"


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two headlines each: 4 to 5 where the second has the words of the first in another order, else 0 to 1."""
    task, rng = load_task(TaskSettings("bbc")), np.random.default_rng(0)
    path = tmp_path_factory.mktemp("pairs") / "alike.csv"
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["sentence1", "sentence2", "score"])
        for first, other in rng.permutation(len(task.train))[:320].reshape(-1, 2):
            alike = bool(rng.integers(2))
            words = task.train.texts[first if alike else other].split()
            number = 4 * alike + round(float(rng.random()), 2)
            table.writerow([task.train.texts[first], " ".join(reversed(words)), number])
    return path


def test_from_file_to_predictions(
    pairs: Path, tmp_path: Path, request: pytest.FixtureRequest, with_store: Callable[[Path], Path]
) -> None:
    command: Callable[..., Ended] = request.getfixturevalue("tune_dml")
    results = with_store(tmp_path / "results")
    arguments = ["--task", "alike", "--data", str(pairs), "--kind", "regression", "--results", str(results)]
    done = command("search", *arguments, *SMALL.split(), "--name", "alike", "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["search"]["metric"] == "spearman"
    assert not document["failed"]
    winner = document["winner"]
    assert winner["test"]["spearman"]["mean"] > 0.6
    assert set(winner["test"]) >= {"spearman", "pearson", "rmse"}
    assert winner["soup"]["seeds"] == 2
    journal = Journal(results / "searches" / "alike", write=False)
    assert [record.params["loss"] for record in journal.records("baseline")] == ["mse", "mse"]
    check_mlflow(results, [*journal.records("baseline"), *journal.records()], "alike", "spearman")
    shown = command("show", "alike", "--results", str(results))
    assert "test Spearman" in shown.out
    scores = pyarrow.parquet.read_table(results / "searches" / "alike" / "predictions.parquet").to_pandas()
    assert 0 <= scores.label.min() < scores.label.max() <= 5

    model = tune_dml.load(document["model"])
    texts = [("Striker signs for United", "United signs striker"), ("Striker signs for United", "Shares fall")]
    [high, low] = model.predict(texts)
    assert isinstance(high, float)
    assert -2 < low < high < 7
    new = tmp_path / "new.csv"
    pd.DataFrame(texts, columns=["sentence1", "sentence2"]).to_csv(new, index=False)
    predicted = command("predict", document["model"], str(new))
    assert predicted.code == 0, predicted.err
    [header, *rows] = csv.reader(predicted.out.splitlines())
    assert header == ["text_a", "text_b", "label"]
    assert [float(row[-1]) for row in rows] == pytest.approx([high, low], rel=1e-4)
    mlflow.set_tracking_uri(f"sqlite:///{results / 'mlflow.db'}")
    served = mlflow.pyfunc.load_model("models:/tune-dml-alike-40@best").predict(texts)
    assert list(served.columns) == ["label"]
    assert list(served.label) == pytest.approx([high, low], rel=1e-4)

    again = command("train", "--config", str(results / "searches" / "alike" / "best.yaml"), "--seed", "0", cwd=tmp_path)
    assert again.code == 0, again.err
    assert f"Spearman correlation {winner['test']['spearman']['seeds'][0]:.4f}" in again.out + again.err


def test_numbers_without_the_kind_are_asked_about(pairs: Path, request: pytest.FixtureRequest) -> None:
    command: Callable[..., Ended] = request.getfixturevalue("tune_dml")
    column = ["--label-column", "score"]
    done = command("search", "--task", "alike", "--data", str(pairs), "--shots", "40", "--dry-run", *column)
    assert done.code == 2
    assert "add --kind regression" in done.err
