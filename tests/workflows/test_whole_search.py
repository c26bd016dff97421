"""What a finished search leaves behind, and that every number in it can be made again."""

from __future__ import annotations

import csv
import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
import pytest
import yaml
from mlflow.tracking import MlflowClient

from tune_dml.config import TaskSettings
from tune_dml.data import load_task
from tune_dml.driver.confirming import Confirming
from tune_dml.driver.preparation import prepare_again
from tune_dml.errors import TuneDMLError
from tune_dml.reporting.output import silent
from tune_dml.results.search_file import read_search_file
from tune_dml.tuning.journal import Journal


@pytest.fixture(scope="module")
def predictions(finished: Any) -> Any:
    return parquet.read_table(finished.folder / "predictions.parquet").to_pandas()


def _probabilities(table: Any, stage: str, name: str, seed_or_round: int, readout: str) -> Any:
    rows = table[
        (table.stage == stage)
        & (table.name == name)
        & (table.seed_or_round == seed_or_round)
        & (table.readout == readout)
    ].sort_values("row")
    return rows[[c for c in rows.columns if c.startswith("p_")]].to_numpy()


def test_document(finished: Any) -> None:
    document = finished.document
    assert set(document) >= {
        "search",
        "winner",
        "baselines",
        "leaderboard",
        "failed",
        "model",
        "report",
        "tracking_uri",
    }
    assert document["search"]["shots"] == 25 == sum(document["search"]["per_class"].values())
    assert len(document["leaderboard"]) == 6
    assert {row["loss"] for row in document["leaderboard"]} == {"ce", "supcon", "softtriple"}
    winner = document["winner"]
    assert len(winner["test"]["accuracy"]["seeds"]) == 2
    assert winner["test"]["accuracy"]["mean"] == pytest.approx(np.mean(winner["test"]["accuracy"]["seeds"]), abs=1e-6)
    assert 0 <= winner["cv"]["corrected_accuracy"] <= 1
    assert "accuracy" in winner["ensemble"]["test"]
    for name in ("probe", "reference_ce"):
        assert document["baselines"][name]["test"]["accuracy"]["mean"] > 0


def test_files(finished: Any) -> None:
    assert {p.name for p in finished.folder.iterdir()} >= {
        "best.yaml",
        "leaderboard.csv",
        "model",
        "predictions.parquet",
        "report.html",
        "search.yaml",
        "study.log",
    }
    files = [p for p in finished.results.rglob("*") if p.is_file()]
    assert not [p for p in files if "checkpoint" in p.as_posix() or p.suffix in {".pkl", ".pickle", ".pt", ".bin"}]
    with (finished.folder / "leaderboard.csv").open() as stream:
        names = [row["name"] for row in csv.DictReader(stream)]
    assert len(names) >= 8
    assert {"probe", "reference_ce"} <= set(names)


def test_best_file_records_what_determines_the_numbers(finished: Any) -> None:
    best = yaml.safe_load((finished.folder / "best.yaml").read_text())
    assert len(best["hashes"]) == len(best["rows"]) == 25
    assert len(best["folds"]) == 3
    assert len(best["encoder_sha256"]) == 64
    assert best["versions"]["threads"] == 1
    assert best["config"]["readout"] == finished.document["winner"]["readout"]


@pytest.mark.parametrize(
    ("option", "stage", "number"), [("--seed", "test", 0), ("--seed", "test", 1), ("--fold", "cv", 2)]
)
def test_train_reproduces(
    option: str, stage: str, number: int, finished: Any, predictions: Any, tune_dml: Any, tmp_path: Path
) -> None:
    winner = finished.document["winner"]
    out = tmp_path / "again"
    arguments = ["--config", str(finished.folder / "best.yaml"), option, str(number), "--output", str(out), "--json"]
    ended = tune_dml("train", *arguments)
    assert ended.code == 0, ended.err
    again = parquet.read_table(out / "predictions.parquet").to_pandas()
    want = _probabilities(predictions, stage, winner["name"], number, winner["readout"])
    got = again[[c for c in again.columns if c.startswith("p_")]].to_numpy()
    assert np.abs(got - want).max() <= 1e-6
    if option == "--seed":
        assert json.loads(ended.out)["scores"]["accuracy"] == pytest.approx(winner["test"]["accuracy"]["seeds"][number])
    if (option, number) == ("--seed", 0):
        # The saved model is the first confirm seed, byte for byte.
        for name in ("model.safetensors", "readout.safetensors", "tune_dml.json", "config.json"):
            assert (out / "model" / name).read_bytes() == (finished.folder / "model" / name).read_bytes()


def test_only_what_is_missing_is_confirmed(finished: Any, tmp_path: Path) -> None:
    folder = tmp_path / "searches" / "whole"
    shutil.copytree(finished.folder, folder)
    out = silent()
    about = read_search_file(folder)
    about = replace(about, settings=replace(about.settings, confirm_seeds=3, results=str(tmp_path)))
    journal = Journal(folder)
    confirming = Confirming(prepare_again(about, out), journal, out, confirm=True)
    follow_up = confirming.follow_up()
    early = follow_up.next(False)
    assert early is not None
    assert (early["name"], early["seed"]) == ("reference_ce", 2), "the probe has its one seed"
    assert follow_up.next(False) is None
    # The worker was stopped in the middle of that.
    confirming.workers_stopped()
    jobs = []
    while (job := follow_up.next(True)) is not None:
        jobs.append((job["name"], job["seed"]))
    winner = finished.document["winner"]["name"]
    assert (winner, 2) in jobs
    assert ("reference_ce", 2) in jobs
    assert {seed for _, seed in jobs} == {2}
    assert len(jobs) == len(set(jobs))
    assert not confirming.has_ended
    journal.close()


def test_the_ensemble_averages_all_seeds(finished: Any, predictions: Any) -> None:
    from tune_dml.models import load_classifier

    folder, winner = finished.folder / "model", finished.document["winner"]
    assert [p.name for p in (folder / "members").iterdir()] == ["seed-1"]
    text = ["Striker signs for United"]
    both = [load_classifier(folder / "members" / "seed-1").predict_proba(text)]
    ensemble = load_classifier(folder)
    members, ensemble._members = ensemble._members, []
    both.append(ensemble.predict_proba(text))
    ensemble._members = members
    assert np.allclose(ensemble.predict_proba(text), np.mean(both, axis=0), atol=1e-6)
    seeds = [_probabilities(predictions, "test", winner["name"], seed, winner["readout"]) for seed in (0, 1)]
    truth = predictions[(predictions.stage == "test") & (predictions.name == winner["name"])]
    labels = truth[truth.seed_or_round == 0].drop_duplicates("row").sort_values("row").label.to_numpy()
    accuracy = (np.mean(seeds, axis=0).argmax(axis=1) == labels).mean()
    assert winner["ensemble"]["test"]["accuracy"] == pytest.approx(accuracy)


def test_predict(finished: Any, tune_dml: Any, tmp_path: Path) -> None:
    texts = tmp_path / "new.csv"
    texts.write_text("text\nStriker signs for United\nShares fall as oil price rises\n")
    ended = tune_dml("predict", str(finished.folder / "model"), str(texts))
    assert ended.code == 0, ended.err
    rows = list(csv.DictReader(ended.out.splitlines()))
    assert [row["text"] for row in rows] == ["Striker signs for United", "Shares fall as oil price rises"]
    assert {row["label"] for row in rows} <= {"business", "entertainment", "politics", "sports", "tech"}
    assert sum(float(rows[0][f"p({c})"]) for c in ("business", "entertainment", "politics", "sports", "tech")) == (
        pytest.approx(1, abs=1e-4)
    )


def test_show_and_list_agree_with_the_document(finished: Any, tune_dml: Any) -> None:
    shown = tune_dml("show", "whole", "--results", str(finished.results), "--json")
    assert shown.code == 0, shown.err
    document = json.loads(shown.out)
    for key in ("winner", "baselines", "leaderboard", "failed", "model"):
        assert document[key] == finished.document[key]
    listed = tune_dml("list", "--results", str(finished.results))
    assert "whole" in listed.out
    assert "finished" in listed.out


def test_mlflow_has_every_trial_the_scores_and_the_model(
    finished: Any, tune_dml: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{finished.results / 'mlflow.db'}"
    client = MlflowClient(uri)
    [experiment] = [e for e in client.search_experiments() if e.name == "tune-dml/bbc"]
    runs = client.search_runs([experiment.experiment_id])
    [parent] = [r for r in runs if "mlflow.parentRunId" not in r.data.tags]
    assert parent.info.run_name == "bbc · 25 shots · bert-tiny · whole"
    assert len(runs) == 1 + 6 + 2
    mean = finished.document["winner"]["test"]["accuracy"]["mean"]
    assert parent.data.metrics["test_accuracy"] == pytest.approx(mean)
    assert "reference_ce" in parent.data.tags["mlflow.note.content"]
    version = client.get_model_version_by_alias("tune-dml-bbc-25", "best")
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    import mlflow

    before = mlflow.get_tracking_uri()
    try:
        mlflow.set_tracking_uri(uri)
        model = mlflow.pyfunc.load_model(f"models:/tune-dml-bbc-25/{version.version}")
    finally:
        mlflow.set_tracking_uri(before)
    assert len(model.predict(["Striker signs for United"])) == 1
    best = tune_dml("best", "--results", str(finished.results))
    assert best.code == 0, best.err
    assert "bbc" in best.out
    synced = tune_dml("sync", "whole", "--results", str(finished.results))
    assert synced.code == 0, synced.err
    assert len(client.search_runs([experiment.experiment_id])) == len(runs)


def test_a_name_that_exists_is_refused_with_the_resume_command(
    finished: Any, tune_dml: Any, search_arguments: tuple[str, ...]
) -> None:
    ended = tune_dml(*search_arguments, "--name", "whole", "--results", str(finished.results))
    assert ended.code == 2
    assert "tune-dml resume whole" in ended.err


class _Bomb:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return (Path.touch, (self.marker,))


def test_resuming_a_finished_search_changes_no_number_and_unpickles_nothing(
    finished: Any, tune_dml: Any, tmp_path: Path
) -> None:
    # In a copy, so that other tests keep the original; settings keep the old absolute path, so it is rewritten.
    results = tmp_path / "copy"
    shutil.copytree(finished.results, results)
    folder, model = results / "searches" / "whole", results / "searches" / "whole" / "model"
    file = folder / "search.yaml"
    file.write_text(file.read_text().replace(str(finished.results), str(results)))
    marker = tmp_path / "exploded"
    bomb = pickle.dumps(_Bomb(marker))
    (folder / "ray").mkdir(exist_ok=True)
    planted = [folder / "ray" / "tuner.pkl", folder / "searcher-state.pkl", results / "study.pkl"]
    planted += [model / name for name in ("pytorch_model.bin", "heads.pt", "readout.pkl", "training_args.bin")]
    data = tmp_path / "data"
    data.mkdir()
    rows = [f"{word} {i},{label}" for i in range(10) for word, label in (("good film", "yes"), ("bad film", "no"))]
    (data / "all.csv").write_text("\n".join(["text,label", *rows]))
    planted += [data / name for name in ("train.pkl", "train.pt", "dataset.pickle", "state.json.pkl")]
    for path in planted:
        path.write_bytes(bomb)

    ended = tune_dml("resume", "whole", "--results", str(results), "--json")
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    for key in ("winner", "baselines", "leaderboard"):
        assert document[key] == finished.document[key]
    texts = tmp_path / "new.csv"
    texts.write_text("text\nStriker signs\n")
    assert tune_dml("predict", str(model), str(texts)).code == 0
    assert len(load_task(TaskSettings("films", str(data))).label_names) == 2
    with pytest.raises(TuneDMLError):
        load_task(TaskSettings("films", str(data / "train.pkl")))
    assert not marker.exists()
    pickle.loads(bomb)
    assert marker.exists()
