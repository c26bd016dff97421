"""What is not in the package: an ingredient, an input and an objective, each in a small file of its own, go through
a search that is killed, its resume, confirm, the saved model and MLflow."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Ended
from evidence import check_mlflow, finished_in

import tune_dml as package
from tune_dml.tuning.journal import Journal

TOYS = Path(__file__).resolve().parents[1] / "recipe" / "toys"
PLUGINS = [f"--loss-plugin={path.stem}:SPEC" for path in sorted(TOYS.glob("*.py"))]
SPACE = """
loss: ce
lr: {float: [1.0e-4, 1.0e-3], log: true}
epochs: 3
max_length: 24
noise: {scale: {float: [0.01, 0.1]}}
dropped_words: {share: {choices: [0.0, 0.3]}}
short_vectors: {weight: 0.01}
first:
  - {noise: {scale: 0.05}, dropped_words: {share: 0.3}}
"""
SMALL = "--task bbc --encoder bert-tiny --shots 25 --folds 3 --trials 4 --confirm-seeds 2 --seed 3 --concurrency 1"


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="kills process groups")
def test_they_are_like_any_other(
    tmp_path: Path, tune_dml: Callable[..., Ended], signalled: Callable[..., Ended]
) -> None:
    for path in TOYS.glob("*.py"):
        shutil.copy(path, tmp_path)
    (tmp_path / "space.yaml").write_text(SPACE)
    results = tmp_path / "results"
    common = [*PLUGINS, "--results", str(results)]
    search = ["search", *SMALL.split(), "--space", str(tmp_path / "space.yaml"), "--name", "toys", *common]
    journal = results / "searches" / "toys" / "study.log"
    killed = signalled(search, journal, lambda text: finished_in(text) >= 3, signal.SIGKILL, cwd=tmp_path)
    assert killed.code == -signal.SIGKILL
    resumed = tune_dml("resume", "toys", *common, "--json", cwd=tmp_path)
    assert resumed.code == 0, resumed.err
    document = json.loads(resumed.out)
    assert document["search"]["trials"] == 4
    assert not document["failed"]
    config = document["winner"]["config"]
    assert {"noise/scale", "dropped_words/share", "short_vectors/weight"} <= config.keys()
    assert "mean_length" in journal.read_text()
    assert len(document["winner"]["test"]["accuracy"]["seeds"]) == 2
    more = tune_dml("confirm", "toys", "--seeds", "3", *common, "--json", cwd=tmp_path)
    assert len(json.loads(more.out)["winner"]["test"]["accuracy"]["seeds"]) == 3
    texts = tmp_path / "texts.csv"
    texts.write_text("text\nStriker signs for United\nShares fall\n")
    labels = tune_dml("predict", document["model"], str(texts), cwd=tmp_path)
    assert labels.code == 0, labels.err
    assert len(labels.out.splitlines()) == 3
    refused = tune_dml("train", "--config", str(journal.parent / "best.yaml"))
    assert refused.code == 2
    assert "add --loss-plugin" in refused.err
    found = Journal(journal.parent, write=False)
    check_mlflow(results, [*found.records("baseline"), *found.records()])


def test_an_ingredient_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    text = (TOYS / "noisy_states.py").read_text()
    (tmp_path / "odd.py").write_text(text.replace('name="noise"', 'name="lr"').replace('switch="scale"', 'switch="x"'))
    done = subprocess.run(
        [sys.executable, "-m", "tune_dml", "losses", "--loss-plugin", "odd:SPEC"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(package.__file__).parents[1])},
    )  # fmt: skip
    assert done.returncode == 2
    assert "'lr' cannot be an ingredient's name" in done.stderr
    assert "its switch 'x' is none of its hyperparameters" in done.stderr
