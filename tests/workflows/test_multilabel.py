"""A search of texts with any number of labels each, with the space that a search takes when it is told nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command import Ended
from evidence import check_mlflow

import tune_dml
from tune_dml.config import TaskSettings
from tune_dml.data import load_task
from tune_dml.tuning.journal import Journal

SMALL = "--encoder bert-tiny --shots 40 --folds 2 --trials 2 --confirm-seeds 1 --concurrency 1 --max-length 32"


def test_from_file_to_predictions(
    tmp_path: Path, tune_dml_command: Callable[..., Ended], with_store: Callable[[Path], Path]
) -> None:
    task = load_task(TaskSettings("bbc"))
    rows = np.random.default_rng(0).permutation(len(task.train))[:200].reshape(-1, 2)
    lines = [
        {
            "text": " ".join(task.train.texts[row] for row in pair),
            "label": sorted({task.label_names[task.train.labels[row]] for row in pair}),
        }
        for pair in rows
    ]
    data, results = tmp_path / "both.jsonl", with_store(tmp_path / "results")
    data.write_text("".join(json.dumps(line) + "\n" for line in lines))
    arguments = ["--task", "both", "--data", str(data), "--kind", "multilabel", "--results", str(results)]
    done = tune_dml_command("search", *arguments, *SMALL.split(), "--name", "both", "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["search"]["metric"] == "micro_f1"
    assert not document["failed"]
    shown = tune_dml_command("show", "both", "--results", str(results))
    assert "test F1" in shown.out
    journal = Journal(results / "searches" / "both", write=False)
    check_mlflow(results, [*journal.records("baseline"), *journal.records()], "both", "micro_f1")
    model = tune_dml.load(document["model"])
    probabilities = model.predict_proba(["Striker signs for United", "Shares fall"])
    assert probabilities.shape == (2, 5)
    assert model.predict(["Shares fall"]) == [
        tuple(name for name, p in zip(model.label_names, probabilities[1], strict=True) if p > 1 / 3)
    ]
    odd = tune_dml_command("search", *arguments, "--shots-per-class", "4", "--dry-run")
    assert odd.code == 2
    assert "of the kind multilabel, give --shots" in odd.err


@pytest.fixture
def tune_dml_command(request: pytest.FixtureRequest) -> Callable[..., Ended]:
    """The command, under a name that the package does not have."""
    command: Callable[..., Ended] = request.getfixturevalue("tune_dml")
    return command
