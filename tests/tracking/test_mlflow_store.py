"""Tracking URIs: which are taken, which are refused, in which words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tune_dml.config import DrawSettings, SearchSettings, TaskSettings
from tune_dml.errors import EnvironmentFault, UsageError
from tune_dml.tracking import (
    check_tracking_uri,
    embedded_uri,
    free_port,
    mlflow_store,
    model_name,
    shots_name,
    ui_command,
    with_password,
    without_password,
)
from tune_dml.tracking.mlflow_store import http_limits


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "https://me:secret@mlflow.example.org/base", "databricks"])
def test_servers_are_taken_whether_they_are_up_or_not(uri):
    assert check_tracking_uri(uri) == uri


def test_databases_are_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert check_tracking_uri("sqlite:///new/m.db") == f"sqlite:///{tmp_path}/new/m.db"
    assert check_tracking_uri("postgresql+psycopg2://u:p@db/mlflow") == "postgresql+psycopg2://u:p@db/mlflow"


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("./mlruns", "sqlite:///PATH/mlflow.db"),
        ("file:///tmp/mlruns", "sqlite:///PATH/mlflow.db"),
        ("", "plain folders"),
        ("localhost:5000", "did you mean http://localhost:5000?"),
        ("http://", "the server's name is missing"),
        ("htp://host:5000", "MLflow knows no 'htp://'"),
        ("sqlite://", "the file is missing"),
        ("http://[::1", "is no address"),
        ("http://host:port", "is no address"),
        ("http://me:secret@host:99999/", "is no address"),
        ("ftp://me:secret@host/x", "***@host"),
    ],
)
def test_others_are_refused_in_plain_words(uri, words):
    with pytest.raises(UsageError) as raised:
        check_tracking_uri(uri)
    assert words in str(raised.value)
    assert "secret" not in str(raised.value)


def test_what_is_only_read_is_not_made(tmp_path):
    with pytest.raises(UsageError, match="there is no such file"):
        check_tracking_uri(f"sqlite:///{tmp_path}/new/m.db", write=False)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("these are notes, not runs")
    with pytest.raises(UsageError, match="no SQLite database"):
        check_tracking_uri(f"sqlite:///{tmp_path}/notes.txt")
    with pytest.raises(UsageError, match="that is a folder"):
        check_tracking_uri(f"sqlite:///{tmp_path}")
    with pytest.raises(EnvironmentFault, match="cannot be used"):
        check_tracking_uri(f"sqlite:///{tmp_path}/notes.txt/m.db")


def test_passwords_are_not_shown():
    assert without_password("https://me:secret@host:1/x") == "https://***@host:1/x"
    assert without_password("http://host:1") == "http://host:1"


def test_a_password_comes_back_from_where_mlflow_has_it(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert with_password("http://host:1") == "http://host:1"
    # The user's name and the password come from variables of their own.
    assert with_password("https://***@host:1/x") == "https://host:1/x"
    with pytest.raises(UsageError, match=r"postgresql://\*\*\*@host/db was not stored: give --tracking-uri again"):
        with_password("postgresql://***@host/db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://me:secret@host/db")
    assert with_password("postgresql://***@host/db") == "postgresql://me:secret@host/db"
    with pytest.raises(UsageError):
        with_password("postgresql://***@host/other")


def test_limits_are_set_for_a_while_and_the_users_own_stay(monkeypatch):
    import os

    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_TIMEOUT", raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    with http_limits(5), http_limits(60):
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "60"
        assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "3"
    assert "MLFLOW_HTTP_REQUEST_TIMEOUT" not in os.environ


@pytest.mark.parametrize(
    ("draw", "shots"),
    [
        (DrawSettings(), "50"),
        (DrawSettings(shots=None), "full"),
        (DrawSettings(shots=None, shots_per_class=16), "16-per-class"),
    ],
)
def test_shots_and_model_names(draw, shots):
    settings = SearchSettings("n", TaskSettings("hub:org/my task"), draw, "e", "default")
    assert shots_name(draw) == shots
    assert model_name(settings) == f"tune-dml-hub-org-my-task-230edc-{shots}"


def test_ui_command(tmp_path):
    port = free_port(0)
    command = ui_command(tmp_path, port)
    assert command[1:4] == ["-m", "mlflow", "ui"]
    assert embedded_uri(tmp_path) in command
    assert "127.0.0.1" in command
    assert str(port) in command


def test_importing_tracking_does_not_import_mlflow():
    code = "import sys, tune_dml.tracking; print('mlflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_store_is_put_in_place_where_there_are_no_hard_links(tmp_path: Path) -> None:
    new, path = tmp_path / ".new", tmp_path / "mlflow.db"
    new.write_text("mine")
    mlflow_store._put_in_place(new, path)
    assert (path.read_text(), new.exists()) == ("mine", False)
    # Another process has been quicker.
    new.write_text("late")
    mlflow_store._put_in_place(new, path)
    assert (path.read_text(), new.read_text()) == ("mine", "late")
    assert not list(tmp_path.glob("*.lock"))
