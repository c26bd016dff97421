"""A search of texts in templates of one's own, from a file to predictions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import mlflow.pyfunc
import numpy as np
import pytest
import yaml
from command import Ended

import tune_dml
from tune_dml.data import SHIPPED
from tune_dml.models.description import read_description

SPACE = """
loss: ce
representation: mask
prompts: {pool: {choices: [0, 3]}, scoring: {choices: [probabilities, embeddings]}}
lr: 5.0e-4
epochs: 3
max_length: 48
first:
  - {prompts: {pool: 3, scoring: probabilities}}
  - {prompts: {pool: 0}}
"""
WORDS = "business=money,entertainment=film,politics=party,sports=game,tech=computer"
SMALL = "--task bbc --encoder bert-tiny --shots 25 --folds 2 --trials 1 --confirm-seeds 2 --concurrency 1 --name asked"


def test_from_templates_to_predictions(
    tmp_path: Path, request: pytest.FixtureRequest, with_store: Callable[[Path], Path]
) -> None:
    command: Callable[..., Ended] = request.getfixturevalue("tune_dml")
    results, space, mine = with_store(tmp_path / "results"), tmp_path / "space.yaml", tmp_path / "mine.txt"
    space.write_text(SPACE)
    mine.write_text("\n".join(SHIPPED["topic"][:5]) + "\n")
    where = ["--results", str(results)]
    asked = ["--space", str(space), "--templates", str(mine), "--adapt-mlm", "20", "--words", WORDS]
    done = command("search", *SMALL.split(), *asked, *where, "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert not document["failed"]
    folder = results / "searches" / "asked"
    best = yaml.safe_load((folder / "best.yaml").read_text())
    assert best["config"]["prompts/pool"] == 3
    assert len(best["templates"]) == 3
    assert set(best["templates"]) < set(SHIPPED["topic"][:5])
    assert yaml.safe_load((folder / "search.yaml").read_text())["templates"] == list(SHIPPED["topic"][:5])
    assert (best["config"]["head"], best["words"]["sports"], best["adapt_mlm"]) == ("words", "game", 20)
    assert len(list((results / "adapted").iterdir())) == 1
    assert read_description(folder / "model").templates == tuple(best["templates"])

    model, texts = tune_dml.load(document["model"]), ["Striker signs for United", "Shares fall " * 400, ""]
    probabilities = model.predict_proba(texts)
    assert probabilities.shape == (3, 5)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert model.embed(texts).shape == (3, 128)
    mlflow.set_tracking_uri(f"sqlite:///{results / 'mlflow.db'}")
    served = mlflow.pyfunc.load_model("models:/tune-dml-bbc-25@best").predict(texts)
    assert served.label.tolist() == model.predict(texts)
    assert np.allclose(served.iloc[:, 1:].to_numpy(), probabilities, atol=1e-5)

    before = (folder / "model" / "model.safetensors").read_bytes()
    # Elsewhere the masked-LM steps are done again, too.
    shutil.copy(folder / "best.yaml", tmp_path / "mine.yaml")
    made = ["train", "--config", str(tmp_path / "mine.yaml"), "--output", str(tmp_path / "again")]
    again = command(*made, cwd=tmp_path)
    assert again.code == 0, again.err
    assert (tmp_path / "again" / "model" / "model.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--templates", "topic"], "has no prompts that --templates could be for; take --space dynamar"),
        (["--space", "dynamar", "--templates", "nowhere.txt"], "--templates is 'nowhere.txt', which is no file"),
        (["--space", "dynamar", "--templates", "few.txt"], "pools of up to 12 templates, and .*few.txt has 2"),
        (["--space", "dynamar", "--templates", "wrong.txt"], r"wrong.txt: The template '\{text\}' has \[MASK\] not"),
    ],
)
def test_what_cannot_be_is_said(options: list[str], says: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    command: Callable[..., Ended] = request.getfixturevalue("tune_dml")
    (tmp_path / "few.txt").write_text("{text} [MASK]\n[MASK] {text}\n")
    (tmp_path / "wrong.txt").write_text("{text}\n")
    done = command("search", *SMALL.split(), "--dry-run", *options, cwd=tmp_path)
    assert done.code == 2
    import re

    assert re.search(says, done.err), done.err


@pytest.mark.long
def test_numbers_are_the_same_on_one_and_on_two_workers(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    command: Callable[..., Ended] = request.getfixturevalue("tune_dml")
    same = (
        "--task bbc --encoder bert-tiny --shots 25 --folds 2 --trials 3 --space dynamar --searcher random --no-confirm"
    )
    scores = []
    for workers in ("1", "2"):
        where = ["--concurrency", workers, "--scheduler", "none", "--results", str(tmp_path / workers), "--json"]
        done = command("search", *same.split(), *where)
        assert done.code == 0, done.err
        trials = json.loads(done.out)["leaderboard"]
        scores.append(
            {trial["name"]: (trial["rounds"], trial["cv_accuracy"], trial["cv_log_loss"]) for trial in trials}
        )
    assert scores[0] == scores[1]
    assert len(scores[0]) >= 3
