"""The registered model: versions, the alias, and what it answers."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from mlflow.utils.file_utils import local_file_uri_to_path

from tune_dml.data import SINGLE
from tune_dml.data.given import given_texts
from tune_dml.data.text_forms import ONE_TEXT
from tune_dml.tracking import ModelRegistration, Tracker, best_per_task, embedded_uri, model_name
from tune_dml.tracking.model_registry import register, takes_alias
from tune_dml.tracking.names import former_model_name
from tune_dml.tracking.pyfunc import TextClassifierModel
from tune_dml.tracking.runs import SearchRuns


@pytest.fixture
def model_folder(tmp_path):
    folder = tmp_path / "model"
    (folder / "encoder").mkdir(parents=True)
    (folder / "encoder" / "config.json").write_text("{}")
    (folder / "labels.json").write_text('["neg", "pos"]')
    return folder


def alias(client, name):
    return str(client.get_model_version_by_alias(name, "best").version)


def test_a_model_is_registered_once_and_again_when_it_changed(client, results, make_settings, model_folder):
    settings = make_settings(task="org/CR:x")
    about = ModelRegistration(0.8, ("neg", "pos"), trial="trial-3", pip_requirements=("numpy",))
    for _ in range(2):
        tracker = Tracker(settings, results)
        tracker.register_model(model_folder, about)
        assert tracker.close()
    name = model_name(settings)
    assert [str(v.version) for v in client.search_model_versions(f"name = '{name}'")] == ["1"]
    (model_folder / "labels.json").write_text('["no", "yes"]')
    register(SearchRuns(settings, results), model_folder, dataclasses.replace(about, score=0.7))
    assert alias(client, name) == "2"
    one = client.get_model_version(name, "1")
    assert one.tags["tune_dml.trial"] == "trial-3"
    files = {a.path.rpartition("/")[2] for a in client.list_artifacts(one.run_id, one.source.rpartition("/")[2])}
    assert {"MLmodel", "data"} <= files


def test_a_model_whose_files_are_lost_gets_them_again(client, results, make_settings, model_folder):
    settings = make_settings(task="lost")
    runs = SearchRuns(settings, results)
    about = ModelRegistration(0.8, ("neg", "pos"), pip_requirements=("numpy",))
    register(runs, model_folder, about)
    [version] = client.search_model_versions(f"name = '{model_name(settings)}'")
    place = Path(local_file_uri_to_path(version.source))
    shutil.rmtree(place)
    register(runs, model_folder, about)
    assert (place / "MLmodel").is_file()
    assert len(client.search_model_versions(f"name = '{model_name(settings)}'")) == 1


def test_the_alias_moves_by_score_between_equal_protocols(client, results, make_settings, model_folder):
    def registered(score, **more):
        settings = make_settings(task="MPQA", **more)
        (model_folder / "seed").write_text(settings.name)
        register(SearchRuns(settings, results), model_folder, ModelRegistration(score, ("neg", "pos")))
        return alias(client, "tune-dml-MPQA-50")

    assert registered(0.8) == "1"
    assert registered(0.7) == "1"
    assert registered(0.9) == "3"
    assert registered(0.99, draw=1) == "3", "another draw's score says nothing about this one's"


def test_tasks_in_any_script_have_models_of_their_own(client, results, make_settings, model_folder, best_folder):
    tasks = ["训练", "测试", "हिन्दी", "a b", "a-b", "🙂", "🙃", "e\u0301te\u0301", "été"]
    models = {}
    for task in tasks:
        settings = make_settings(task=task, shots=20)
        (model_folder / "labels.json").write_text(task)
        runs = SearchRuns(settings, results)
        runs.best({1: 0.5})
        register(runs, model_folder, ModelRegistration(0.5, ("neg", "pos"), pip_requirements=("numpy",)))
        models[task] = model_name(settings)
    assert len(set(models.values())) == len(tasks)
    assert models["训练"] == "tune-dml-训练-20"
    for task in tasks:
        assert (best_folder(models[task], results) / "data" / "model" / "labels.json").read_text() == task
        (row,) = best_per_task(embedded_uri(results), task)
        assert row.task == task


def test_models_that_met_in_a_store_of_an_earlier_version_part(client, results, make_settings, model_folder):
    """Their searches keep the name when they are resumed; new ones get the task's own."""
    met = [make_settings(task=task, shots=20) for task in ("旧的", "新的")]
    former = former_model_name(met[0])
    assert former == former_model_name(met[1]) == "tune-dml---20"
    client.create_registered_model(former)
    for settings in met:
        runs = SearchRuns(settings, results)
        client.create_model_version(former, "file:///nowhere", runs.parent().run_id, tags=runs.tags)
    about = ModelRegistration(0.9, ("neg", "pos"), pip_requirements=("numpy",))
    register(SearchRuns(met[1], results), model_folder, about)
    assert len(client.search_model_versions(f"name = '{former}'")) == 3
    again = make_settings(task="新的", shots=20)
    register(SearchRuns(again, results), model_folder, about)
    assert alias(client, model_name(again)) == "1"
    assert len(client.search_model_versions(f"name = '{former}'")) == 3


def test_a_model_keeps_the_name_that_an_earlier_version_gave_it(client, results, make_settings, model_folder):
    old, new = make_settings(task="hub:org/kept"), make_settings(task="hub:org/kept")
    former = "tune-dml-hub-org-kept-50"
    client.create_registered_model(former)
    runs = SearchRuns(old, results)
    client.create_model_version(former, "file:///nowhere", runs.parent().run_id, tags=runs.tags)
    register(SearchRuns(new, results), model_folder, ModelRegistration(0.9, ("neg", "pos")))
    assert alias(client, former) == "2"
    assert not client.search_model_versions(f"name = '{model_name(new)}'")


def test_a_name_that_another_task_has_is_not_taken(client, results, make_settings, model_folder):
    """As a database that ignores case gives it."""
    mine, theirs = make_settings(task="letters"), make_settings(task="LETTERS")
    client.create_registered_model(model_name(mine))
    runs = SearchRuns(theirs, results)
    client.create_model_version(model_name(mine), "file:///nowhere", runs.parent().run_id, tags=runs.tags)
    register(SearchRuns(mine, results), model_folder, ModelRegistration(0.9, ("neg", "pos")))
    assert len(client.search_model_versions(f"name = '{model_name(mine)}'")) == 1
    (version,) = client.search_model_versions("name LIKE 'tune-dml-letters-%-50'")
    assert version.tags["tune_dml.task"] == "letters"


TAGS = {f"tune_dml.{tag}": tag for tag in ("task", "shots", "draw", "protocol", "folds", "search_id")}


@pytest.mark.parametrize(
    ("metric", "score", "held", "takes"),
    [
        ("accuracy", "0.9", "0.8", True),
        ("accuracy", "0.8", "0.8", False),
        ("log_loss", "0.3", "0.4", True),
        ("log_loss", "0.5", "0.4", False),
    ],
)
def test_which_score_takes_the_alias(metric, score, held, takes):
    mine = {**TAGS, "tune_dml.metric": metric, "tune_dml.score": score, "tune_dml.search_id": "mine"}
    theirs = {**TAGS, "tune_dml.metric": metric, "tune_dml.score": held}
    assert takes_alias(mine, theirs) is takes
    assert takes_alias(mine, None)
    assert not takes_alias(mine, {**theirs, "tune_dml.folds": "10x1"})


CLASSIFIER = SimpleNamespace(
    label_names=("neg", "pos"),
    gives_probabilities=True,
    answers=lambda probabilities: SINGLE.target.answers(probabilities, ("neg", "pos")),
    predict_proba=lambda given: np.array(
        [[0.9, 0.1] if "bad" in text else [0.2, 0.8] for text in given_texts(given, ONE_TEXT).texts]
    ).reshape(-1, 2),
)


@pytest.mark.parametrize("given", [["bad", "good"], pd.DataFrame({"id": [1, 2], "text": ["bad", "good"]})])
def test_predict_answers_with_labels_and_probabilities(given):
    table = TextClassifierModel(CLASSIFIER).predict(given, params=None)
    assert list(table.columns) == ["label", "p(neg)", "p(pos)"]
    assert list(table["label"]) == ["neg", "pos"]
    assert table["p(pos)"].tolist() == [0.1, 0.8]


def test_predict_on_a_text_and_on_nothing():
    assert list(TextClassifierModel(CLASSIFIER).predict("bad")["label"]) == ["neg"]
    assert list(TextClassifierModel(CLASSIFIER).predict([]).columns) == ["label", "p(neg)", "p(pos)"]


def test_the_registered_model_loads_and_answers_without_pickle(client, results, make_settings, tmp_path, monkeypatch):
    """A real encoder, a made-up head, the registry, and MLflow's own loader."""
    from tune_dml.models.description import ModelDescription
    from tune_dml.models.encoder import load_bundle, load_tokenizer
    from tune_dml.models.encoder_source import find_encoder
    from tune_dml.models.folder import save_model
    from tune_dml.models.readouts import FittedReadout

    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    source = find_encoder("bert-tiny")
    bundle = load_bundle(source)
    folder = tmp_path / "model"
    given = {
        "task": "TREC",
        "kind": "single",
        "label_names": ("who", "where"),
        "readout": "head",
        "readout_values": {},
        "representation": "mean",
        "max_length": 32,
        "precision": "float32",
        "config": {"loss": "ce"},
    }
    description = ModelDescription(**given)
    arrays = {"weight": np.eye(2, 128, dtype=np.float32), "bias": np.zeros(2, dtype=np.float32)}
    save_model(folder, description, bundle, bundle.state, FittedReadout("head", arrays), load_tokenizer(source.folder))
    settings = make_settings(task="TREC", shots=40)
    register(SearchRuns(settings, results), folder, ModelRegistration(0.8, description.label_names))

    import mlflow

    before = mlflow.get_tracking_uri()
    version = client.get_model_version_by_alias("tune-dml-TREC-40", "best")
    model = mlflow.pyfunc.load_model(version.source)
    table = model.predict(["who wrote it?", "where is it?"])
    assert list(table.columns) == ["label", "p(who)", "p(where)"]
    assert np.allclose(table[["p(who)", "p(where)"]].sum(axis=1), 1.0, atol=1e-6)
    pd.testing.assert_frame_equal(model.predict(pd.DataFrame({"text": ["who wrote it?"]})), table[:1], atol=1e-6)
    assert mlflow.get_tracking_uri() == before
