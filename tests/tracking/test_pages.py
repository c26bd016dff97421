"""Addresses of MLflow's pages, and what a search's folder knows of its run there."""

from __future__ import annotations

import dataclasses
import json
import socket

import pytest

from tune_dml.config import State
from tune_dml.errors import EnvironmentFault, UsageError
from tune_dml.tracking import experiment_page, parent_of, reconcile_search, run_page, search_page
from tune_dml.tracking.pages import model_page
from tune_dml.tracking.pending import remember_parent, search_id
from tune_dml.workflows.ui import ui


def experiment_of(client, settings):
    return client.get_experiment_by_name(f"tune-dml/{settings.task.task}")


@pytest.mark.parametrize(
    ("page", "address"),
    [
        (run_page("http://m:5000/", "7", "ab"), "http://m:5000/#/experiments/7/runs/ab?workflowType=machine_learning"),
        (
            run_page("https://me:secret@m/base", "7", "ab"),
            "https://m/base/#/experiments/7/runs/ab?workflowType=machine_learning",
        ),
        (run_page("http://m", "7", "ab", charts=True), "http://m/#/experiments/7/runs/ab/model-metrics?workflowType=machine_learning"),
        (model_page("http://m", "tune-dml-新闻-20"), "http://m/#/models/tune-dml-%E6%96%B0%E9%97%BB-20?workflowType=machine_learning"),
        (
            experiment_page("http://m", "7", charts=True),
            "http://m/#/experiments/7/runs?workflowType=machine_learning&viewStateShareKey=tune-dml&compareRunsMode=CHART",
        ),
    ],
)  # fmt: skip
def test_every_address_asks_for_the_view_of_training(page, address):
    assert page == address


@pytest.mark.parametrize(("metric", "rising"), [("accuracy", False), ("log_loss", True)])
def test_the_view_shows_what_matters_best_first(client, results, make_settings, make_record, metric, rising):
    settings = make_settings(task=f"view-{metric}", metric=metric)
    reconcile_search(settings, results, [make_record(0, 5, State.COMPLETE)])
    view = json.loads(experiment_of(client, settings).tags["mlflow.sharedViewState.tune-dml"])
    assert (view["orderByKey"], view["orderByAsc"]) == (f"metrics.`{metric}`", rising)
    columns = {"metrics.`accuracy`", "metrics.`test_accuracy`", "metrics.`seconds`", "tags.`tune_dml.loss`"}
    assert columns | {"tags.`tune_dml.state`", "tags.`tune_dml.rounds`"} <= set(view["selectedColumns"])


def test_a_folder_knows_its_run_in_the_store_beside_it(client, results, make_settings, make_record):
    settings = make_settings()
    reconcile_search(settings, results, [make_record(0, 1)])
    folder = results / "searches" / settings.name
    experiment = experiment_of(client, settings).experiment_id
    assert (known := parent_of(folder, None)) is not None
    assert known[0] == experiment
    assert client.get_run(known[1]).data.tags["tune_dml.kind"] == "search"
    assert parent_of(folder, "http://elsewhere") is None
    assert search_page(folder, "sqlite:///elsewhere") is None


def test_a_folder_knows_its_run_on_a_server(server, results, make_settings, make_record):
    server.start()
    settings = dataclasses.replace(make_settings(), tracking_uri=server.uri)
    reconcile_search(settings, results, [make_record(0, 1)])
    page = search_page(results / "searches" / settings.name, server.uri)
    assert page is not None
    assert page.startswith(f"{server.uri}/#/experiments/")
    assert parent_of(results / "searches" / settings.name, None) is None


def test_a_folder_knows_its_run_in_each_of_two_stores(server, results, make_settings, make_record):
    server.start()
    settings = make_settings()
    folder = results / "searches" / settings.name
    reconcile_search(settings, results, [make_record(0, 1)])
    beside = parent_of(folder, None)
    reconcile_search(dataclasses.replace(settings, tracking_uri=server.uri), results, [], about={})
    assert beside is not None
    assert parent_of(folder, None) == beside
    assert parent_of(folder, server.uri) is not None


def test_what_an_earlier_version_wrote_is_known_and_kept(tmp_path):
    known = {"search_id": "7a", "tracking_uri": "http://m", "experiment_id": "3", "run_id": "ab"}
    (tmp_path / "mlflow.json").write_text(json.dumps(known))
    assert parent_of(tmp_path, "http://m") == ("3", "ab")
    remember_parent(tmp_path, None, "1", "cd")
    assert parent_of(tmp_path, "http://m") == ("3", "ab")
    assert parent_of(tmp_path, None) == ("1", "cd")
    assert search_id(tmp_path) == "7a"


def test_what_is_damaged_is_not_known(tmp_path):
    for text in (
        "",
        "[]",
        "{",
        '{"places": 1}',
        '{"places": [1, {}]}',
        '{"experiment_id": 1, "run_id": "a"}',
        '{"experiment_id": "../x", "run_id": "a"}',
    ):
        (tmp_path / "mlflow.json").write_text(text)
        assert parent_of(tmp_path, None) is None


def test_the_port_of_the_ui_is_the_one_that_was_asked_for(client, results):
    client.search_experiments(max_results=1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EnvironmentFault, match=f"Port {port} is in use here"):
            ui(str(results), None, port)
    assert ui(str(results), None, port).server.endswith(f":{port}")
    assert not ui(str(results), None, 0).server.endswith(":5000")
    for port in (-1, 70_000):
        with pytest.raises(UsageError, match="a port is a number up to 65535"):
            ui(str(results), None, port)


def test_a_file_of_before_that_names_no_store_is_kept_and_added_to(tmp_path):
    (tmp_path / "mlflow.json").write_text(json.dumps({"search_id": "a", "experiment_id": "1", "run_id": "old"}))
    remember_parent(tmp_path, "http://m", "7", "new")
    assert parent_of(tmp_path, "http://m") == ("7", "new")
