"""A kind of task that is not in the package, in one small file: a search that is killed, its resume, confirm, the saved
model, its predictions and MLflow."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command import Ended
from evidence import check_mlflow, finished_in

import tune_dml as package
from tune_dml.config import TaskSettings
from tune_dml.data import load_task
from tune_dml.tuning.journal import Journal

TOY = Path(__file__).resolve().parents[1] / "data" / "toys" / "tags.py"
PLUGIN = ["--loss-plugin", "tags:SPEC"]
SPACE = "loss: {choices: [ce, supcon]}\nlr: {float: [1.0e-4, 1.0e-3], log: true}\nepochs: 3\nmax_length: 32\n"
SMALL = "--kind tags --encoder bert-tiny --shots 40 --folds 3 --trials 4 --confirm-seeds 2 --seed 3 --concurrency 1"
#: Loads a model in Python and by MLflow, once its kind is known.
LOADS = """
import sys, mlflow, tags
import tune_dml
assert tags.SPEC.register() == []
texts = ["Striker signs for United", "Shares fall"]
ours = tune_dml.load(sys.argv[1]).predict(texts)
assert all(isinstance(each, tuple) for each in ours), ours
mlflow.set_tracking_uri(sys.argv[2])
[model] = mlflow.MlflowClient().search_registered_models()
table = mlflow.pyfunc.load_model(f"models:/{model.name}@best").predict(texts)
import json
assert [tuple(json.loads(label)) for label in table["label"]] == ours, table
"""


def two_headlines(path: Path) -> None:
    """Texts of one or two headlines each, with the sections of both."""
    task = load_task(TaskSettings("bbc"))
    rows = np.random.default_rng(0).permutation(len(task.train))[:240].reshape(-1, 2)
    with path.open("w") as file:
        for i, pair in enumerate(rows):
            own = pair[: 1 + i % 2]
            sections = sorted({task.label_names[task.train.labels[row]] for row in own})
            # Both ways to write several, and some texts without any.
            label = [] if i % 30 == 0 else sections if i % 4 else ";".join(sections)
            file.write(json.dumps({"text": " ".join(task.train.texts[row] for row in own), "label": label}) + "\n")


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="kills process groups")
def test_it_is_like_any_other(tmp_path: Path, tune_dml: Callable[..., Ended], signalled: Callable[..., Ended]) -> None:
    shutil.copy(TOY, tmp_path)
    data, space, results = tmp_path / "tagged.jsonl", tmp_path / "space.yaml", tmp_path / "results"
    two_headlines(data)
    space.write_text(SPACE)
    common = [*PLUGIN, "--results", str(results)]
    search = ["search", "--task", "tagged", "--data", str(data), *SMALL.split(), "--space", str(space), "--name", "toy"]
    folder = results / "searches" / "toy"
    killed = signalled(
        [*search, *common], folder / "study.log", lambda text: finished_in(text) >= 3, signal.SIGKILL, cwd=tmp_path
    )
    assert killed.code == -signal.SIGKILL
    resumed = tune_dml("resume", "toy", *common, "--json", cwd=tmp_path)
    assert resumed.code == 0, resumed.err
    document = json.loads(resumed.out)
    assert document["search"]["metric"] == "tag_f1"
    assert document["search"]["shots"] == 40
    assert sum(document["search"]["per_class"].values()) > 40
    assert not document["failed"]
    assert document["majority"] is None
    # Of the space's losses, those that the kind can have.
    assert {row["loss"] for row in document["leaderboard"]} == {"ce"}
    assert set(document["winner"]["cv"]) == {
        "tag_f1", "tag_loss", "corrected_tag_f1", "corrected_interval",
    }  # fmt: skip
    assert len(document["winner"]["test"]["tag_f1"]["seeds"]) == 2
    shown = tune_dml("show", "toy", *common, "--json", cwd=tmp_path)
    assert json.loads(shown.out)["winner"] == document["winner"], shown.err
    [row] = json.loads(tune_dml("list", *common, "--json", cwd=tmp_path).out)
    assert (row["state"], row["needs"]) == ("finished", [])
    assert row["test_accuracy"] == document["winner"]["test"]["tag_f1"]["mean"]
    without = tune_dml("list", "--results", str(results), cwd=tmp_path)
    assert "finished" in without.out
    assert "add --loss-plugin tags:SPEC" in without.err
    more = tune_dml("confirm", "toy", "--seeds", "3", *common, "--json", cwd=tmp_path)
    assert len(json.loads(more.out)["winner"]["test"]["tag_f1"]["seeds"]) == 3
    header = (folder / "leaderboard.csv").read_text().splitlines()[0]
    assert "cv_tag_f1,cv_tag_loss,cv_score,test_tag_f1_mean,test_tag_f1_sd" in header
    found = Journal(folder, write=False)
    check_mlflow(results, [*found.records("baseline"), *found.records()], "tagged", "tag_f1")

    texts = tmp_path / "texts.csv"
    texts.write_text("text\nStriker signs for United\nShares fall\n")
    predicted = tune_dml("predict", document["model"], str(texts), *PLUGIN, cwd=tmp_path)
    assert predicted.code == 0, predicted.err
    rows = list(csv.DictReader(io.StringIO(predicted.out)))
    for row in rows:
        assert json.loads(row["label"]) == [n[2:-1] for n in row if n.startswith("p(") and float(row[n]) > 0.5]
    refused = tune_dml("predict", document["model"], str(texts), cwd=tmp_path)
    assert refused.code == 2
    assert "kind is 'tags'; it must be single | pair | multilabel" in refused.err
    assert "or one that --loss-plugin brings" in refused.err
    trained = tune_dml("train", "--config", str(folder / "best.yaml"), *PLUGIN, cwd=tmp_path)
    assert "F1 over tags" in trained.out, trained.err
    python_path = os.pathsep.join([str(tmp_path), str(Path(package.__file__).parents[1])])
    loaded = subprocess.run(
        [sys.executable, "-c", LOADS, document["model"], f"sqlite:///{results / 'mlflow.db'}"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": python_path}, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert loaded.returncode == 0, loaded.stderr


def test_a_kind_s_own_metrics_alone_decide(tmp_path: Path, tune_dml: Callable[..., Ended]) -> None:
    shutil.copy(TOY, tmp_path)
    search = ["search", "--task", "bbc", "--kind", "tags", *PLUGIN]
    refused = tune_dml(*search, "--metric", "accuracy", "--dry-run", cwd=tmp_path)
    assert refused.code == 2
    assert "tag_f1" in refused.err
    unknown = tune_dml("search", "--task", "bbc", "--kind", "tag", "--dry-run", cwd=tmp_path)
    assert unknown.code == 2
    assert "pair" in unknown.err
