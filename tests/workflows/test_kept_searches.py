"""What earlier code left on disk is read, gone on with and used: the searches in ``tests/kept``, by each command."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from command import Ended
from kept_searches import (
    ANSWERS,
    KEPT,
    MAKER,
    ROUNDED,
    alike,
    as_kept,
    as_then,
    close,
    laid_out,
    placeless,
    stored,
    trained,
)
from packaging.version import Version

import tune_dml as tool

ROOT = Path(__file__).resolve().parents[2]
#: A store is never read by an older MLflow than the one that wrote it.
needs_store = pytest.mark.skipif(
    Version(mlflow.__version__) < Version(MAKER["mlflow"]), reason="the kept store is a newer MLflow's"
)
SEARCHES = ("interrupted", "pairs", "pending", "plugin", "texts", "unconfirmed")

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results, for tests that only read them."""
    return laid_out(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The same for a test that changes them."""
    return laid_out(tmp_path)


@pytest.fixture
def run(tune_dml: Callable[..., Ended]) -> Run:
    """Run a command that has to end well; its document, or what it printed."""

    def running(results: Path | None, *arguments: str, plain: bool = False) -> Any:
        where = [] if results is None else ["--results", str(results)]
        ended = tune_dml(*arguments, *where, *([] if plain else ["--json"]))
        assert ended.code == 0, f"{arguments}: {ended.out}{ended.err}"
        return ended.out if plain else json.loads(ended.out)

    return running


def test_list_and_show(kept: Path, run: Run) -> None:
    def by_name(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return sorted(rows, key=lambda row: str(row["name"]))

    # A row may have learnt to say more.
    then, now = by_name(ANSWERS["list"]), by_name(as_kept(run(kept, "list"), kept))
    assert [{key: row[key] for key in then[0]} for row in now] == then
    assert sorted(ANSWERS["show"]) == sorted(SEARCHES)
    for name in SEARCHES:
        if name != "plugin":
            shown = as_kept(run(kept, "show", name), kept)
            assert as_then(shown, ANSWERS["show"][name]) == ANSWERS["show"][name]


@pytest.mark.parametrize(("name", "file"), [("texts", "new"), ("pairs", "new-pairs")])
def test_predict(name: str, file: str, kept: Path, run: Run) -> None:
    model, texts = kept / "searches" / name / "model", kept / "data" / f"{file}.csv"
    out = run(None, "predict", str(model), str(texts), plain=True)
    rows = list(csv.DictReader(io.StringIO(out)))
    found = [[float(value) for key, value in row.items() if key.startswith("p(")] for row in rows]
    assert close(found, ANSWERS["probabilities"][name], ROUNDED)
    given = pd.read_csv(texts)
    loaded = tool.load(model)
    assert close(loaded.predict_proba(given), ANSWERS["probabilities"][name])
    assert list(loaded.predict(given)) == [row["label"] for row in rows]


@pytest.mark.parametrize("name", ["texts", "pairs"])
def test_train_makes_a_model_of_the_same_recipe(
    name: str, kept: Path, tune_dml: Callable[..., Ended], tmp_path: Path
) -> None:
    """Dropout draws other random numbers since version 0.2: the recipe is repeated, its numbers are not."""
    search = kept / "searches" / name
    for option, number, stage in (("--seed", 0, "test"), ("--fold", 1, "cv")):
        output = tmp_path / stage
        told = tune_dml("train", "--config", str(search / "best.yaml"), option, str(number), "--output", str(output))
        assert told.code == 0, told.err
        assert "It was made with tune-dml 0.1.0 (here " in told.out + told.err
        assert "the same seed may give other numbers" in told.out + told.err
        assert alike(trained(output), stored(search, stage, number))
    given = pd.read_csv(kept / "data" / ("new-pairs.csv" if name == "pairs" else "new.csv"))
    model = tool.load(tmp_path / "test" / "model")
    assert alike(model.predict_proba(given), tool.load(search / "model").predict_proba(given))


@needs_store
def test_best_sync_and_the_registered_model(own: Path, run: Run, tune_dml: Callable[..., Ended]) -> None:
    def without_pages(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{key: value for key, value in row.items() if not key.endswith("page")} for row in rows]

    ended = tune_dml("best", "--json", "--results", str(own))
    assert ended.code == 0, ended.err
    assert "The results were moved from" in ended.err
    assert without_pages(as_kept(json.loads(ended.out), own)) == without_pages(ANSWERS["best"])
    loading = (
        "import mlflow, pandas, sys\n"
        f"mlflow.set_tracking_uri({f'sqlite:///{own}/mlflow.db'!r})\n"
        "model = mlflow.pyfunc.load_model('models:/tune-dml-topics-18@best')\n"
        f"print(model.predict(pandas.read_csv({str(own / 'data' / 'new.csv')!r})).to_json(orient='split'))"
    )
    # As others load it: the code that the kept model names by its module is found, and gives the same.
    ended = tune_dml("-c", loading)
    assert ended.code == 0, ended.err
    answer = json.loads(ended.out)
    assert close([row[1:] for row in answer["data"]], ANSWERS["probabilities"]["texts"])
    said = run(own, "sync", "texts", plain=True)
    assert "texts: MLflow has everything (4 runs)." in said


@needs_store
def test_sync_writes_what_mlflow_is_owed(own: Path, run: Run) -> None:
    pending = own / "searches" / "pending" / "mlflow-pending.json"
    assert pending.exists()
    said = run(own, "sync", "pending", "--tracking-uri", f"sqlite:///{own}/mlflow.db", plain=True)
    assert "pending: MLflow has everything (4 runs)." in said
    assert not pending.exists()
    [topics] = run(own, "best", "--task", "topics")
    [before] = [row for row in ANSWERS["best"] if row["task"] == "topics"]
    assert topics["searches"] == before["searches"] + 1


def test_resume_goes_on(own: Path, run: Run) -> None:
    before = {row["trial"]: row for row in ANSWERS["show"]["interrupted"]["leaderboard"]}
    journal = own / "searches" / "interrupted" / "study.log"
    begun = journal.read_text()
    document = run(own, "resume", "interrupted", "--concurrency", "1")
    # Nothing is written anew, and no round done twice.
    assert journal.read_text().startswith(begun)
    after = {row["trial"]: row for row in document["leaderboard"]}
    assert len([trial for trial in after if trial is not None]) == 3
    for trial, row in before.items():
        if trial is None:
            continue
        assert after[trial]["loss"] == row["loss"]
        if row["state"] in ("COMPLETE", "PRUNED"):
            assert {key: after[trial][key] for key in row if key != "test"} == row
    assert document["winner"]["test"]["accuracy"]["seeds"]


@pytest.mark.slow
def test_confirm_what_was_not_confirmed(own: Path, run: Run) -> None:
    journal = own / "searches" / "unconfirmed" / "study.log"
    begun = journal.read_text()
    document = run(own, "confirm", "unconfirmed")
    assert journal.read_text().startswith(begun)
    kept_one = ANSWERS["show"]["unconfirmed"]
    assert document["winner"]["trial"] == kept_one["winner"]["trial"]
    assert document["winner"]["cv"] == kept_one["winner"]["cv"]
    assert len(document["winner"]["test"]["accuracy"]["seeds"]) == 1
    assert (own / "searches" / "unconfirmed" / "model").is_dir()


def test_a_resume_of_a_finished_search_changes_nothing(own: Path, run: Run) -> None:
    search = own / "searches" / "texts"
    files = ("best.yaml", "study.log", "leaderboard.csv", "model/model.safetensors", "model/tune_dml.json")

    def contents() -> dict[str, str]:
        return {file: placeless((search / file).read_text(errors="surrogateescape"), own) for file in files}

    before = contents()
    document = run(own, "resume", "texts")
    assert as_then(document["winner"], ANSWERS["show"]["texts"]["winner"]) == ANSWERS["show"]["texts"]["winner"]
    assert contents() == before


def test_a_loss_of_an_installed_package(kept: Path, tmp_path: Path) -> None:
    """Its entry point is found as it was: no option names it."""
    search, output = kept / "searches" / "plugin", tmp_path / "output"
    commands = [
        ["show", "plugin", "--json", "--results", str(kept)],
        ["train", "--config", str(search / "best.yaml"), "--seed", "0", "--output", str(output), "--quiet"],
        ["predict", str(search / "model"), str(kept / "data" / "new.csv"), "--format", "jsonl"],
    ]
    code = (
        "import sys\nfrom tune_dml.cli import main\n"
        f"for arguments in {commands!r}:\n    assert main(arguments) == 0\n    print('\\f', flush=True)\n"
    )
    path = os.pathsep.join([str(ROOT), str(KEPT / "plugin")])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path, "NO_COLOR": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shown, _, predicted, _ = done.stdout.split("\f\n")
    now = as_kept(json.loads(shown), kept)
    assert as_then(now, ANSWERS["show"]["plugin"]) == ANSWERS["show"]["plugin"]
    assert alike(trained(output), stored(search, "test", 0))
    rows = [json.loads(line) for line in predicted.splitlines()]
    assert close([list(row["probabilities"].values()) for row in rows], ANSWERS["probabilities"]["plugin"], ROUNDED)
