"""A results folder may be called anything: what MLflow is given leads to the files in it, and nowhere else."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from tune_dml.config import file_uri, sqlite_path, sqlite_uri
from tune_dml.errors import UsageError
from tune_dml.tracking import (
    ModelRegistration,
    Tracker,
    best_per_task,
    check_tracking_uri,
    free_port,
    ui_command,
    ui_environment,
)
from tune_dml.tracking.mlflow_store import absolute_uri, connect, embedded_uri

NAMES = [
    "a%2Fb",
    "a%20b",
    "100%",
    "what?timeout=1",
    "hash#tag",
    "two words ",
    "semi;colon&amp=1",
    "结果 é",
    'it\'s "q" [br]',
    "-dash",
    "back\\slash@x:y",
    "ne\nw\tline",
]


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without runs, to be copied: making one takes seconds."""
    results = tmp_path_factory.mktemp("empty")
    connect(embedded_uri(results))
    return results / "mlflow.db"


@pytest.mark.parametrize("name", NAMES)
def test_runs_artifacts_and_models_of_an_oddly_named_folder(
    name: str, empty_store: Path, tmp_path: Path, make_settings, make_record, best_folder
) -> None:
    results = tmp_path / name
    results.mkdir()
    shutil.copy(empty_store, results / "mlflow.db")
    model = tmp_path / "model"
    model.mkdir()
    (model / "labels.json").write_text("{}")
    (tmp_path / "best.yaml").write_text("loss: ce\n")
    tracker = Tracker(make_settings(task="mine"), results)
    tracker.search_started({"task": "mine"})
    tracker.trial_changed(make_record(0, rounds=1))
    tracker.best_score(1, 0.5)
    tracker.search_finished("FINISHED", {"cv_accuracy": 0.5}, artifacts=[tmp_path / "best.yaml"])
    tracker.register_model(model, ModelRegistration(0.5, ("neg", "pos"), pip_requirements=("numpy",)))
    assert tracker.close(), "MLflow has everything"
    uri = embedded_uri(results)
    (row,) = best_per_task(uri)
    client = connect(uri)
    artifact = client.download_artifacts(row.run_id, "best.yaml", str(tmp_path))
    assert Path(artifact).read_text() == "loss: ce\n"
    with sqlite3.connect(results / "mlflow.db") as database:
        assert database.execute("select count(*) from runs").fetchone() == (2,)
    assert (best_folder("tune-dml-mine-50", results) / "MLmodel").is_file()
    # The page is served from the same file, and nothing was made beside the folder.
    assert uri in ui_command(results, 5000)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["best.yaml", "model", name])
    assert sorted(path.name for path in results.iterdir()) == ["mlartifacts", "mlflow.db", "searches"]


@pytest.mark.parametrize("name", [*NAMES, "plain"])
def test_paths_come_back_out_of_their_uris(name: str, tmp_path: Path) -> None:
    path = tmp_path / name / "mlflow.db"
    uri = sqlite_uri(path)
    assert sqlite_path(uri) == path
    assert absolute_uri(uri) == uri
    assert check_tracking_uri(uri) == uri
    assert (uri == f"sqlite:///{path}") == (not set("%?\n") & set(name))
    assert not set(" #?;\n") & set(file_uri(path))


def test_options_of_the_driver_stay(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/m.db?timeout=60"
    assert check_tracking_uri(uri) == uri
    assert sqlite_path(uri) == tmp_path / "m.db"


@pytest.mark.parametrize(
    ("folder", "given", "words"),
    [
        ("what?", "what?/m.db", "write sqlite+pysqlite:///{tmp}/what%3F/m.db"),
        ("a?mode=ro", "a?mode=ro/m.db", "write sqlite+pysqlite:///{tmp}/a%3Fmode=ro/m.db"),
        ("a%20b", "a%20b/m.db", "for the folder {tmp}/a%20b write sqlite+pysqlite:///{tmp}/a%2520b/m.db"),
    ],
)
def test_a_uri_that_mlflow_would_read_as_another_path_is_refused_with_the_right_one(
    folder: str, given: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / folder).mkdir()
    with pytest.raises(UsageError) as raised:
        check_tracking_uri(f"sqlite:///{tmp_path}/{given}")
    assert words.format(tmp=tmp_path) in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == [folder], "nothing is made beside it"


NO_LOCKS = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
int flock(int fd, int kind) { errno = ENOSYS; return -1; }
int link(const char *from, const char *to) { errno = EPERM; return -1; }
#define CALL(NAME) int NAME(int fd, int what, ...) { \
  va_list list; va_start(list, what); void *value = va_arg(list, void *); va_end(list); \
  if (what == F_SETLK || what == F_SETLKW || what == F_GETLK) { errno = ENOSYS; return -1; } \
  return ((int (*)(int, int, ...))dlsym(RTLD_NEXT, #NAME))(fd, what, value); }
CALL(fcntl)
CALL(fcntl64)
"""
USE = """
import os, sys
from pathlib import Path
from tune_dml.tracking.mlflow_store import connect, embedded_uri
results = Path(sys.argv[1])
(results / "mlflow.db.lock").mkdir()
os.utime(results / "mlflow.db.lock", (0, 0))
client = connect(embedded_uri(results))
client.log_metric(client.create_run("0").info.run_id, "m", 1.0)
print(len(connect(embedded_uri(results)).search_runs(["0"])), sorted(os.listdir(results)))
"""


@pytest.mark.slow
def test_a_store_is_made_and_written_where_there_are_neither_locks_nor_links(tmp_path: Path) -> None:
    """Not even those that SQLite locks by; a lock of its own that a killed process has left is removed."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc makes the library that stands for such a file system")
    (tmp_path / "none.c").write_text(NO_LOCKS)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", "none.so", "none.c", "-ldl"], cwd=tmp_path, check=True)
    results = tmp_path / "a%20b"
    results.mkdir()
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path), "LD_PRELOAD": str(tmp_path / "none.so")}
    done = subprocess.run([sys.executable, "-c", USE, str(results)], env=environment, capture_output=True, text=True)
    assert done.stdout == "1 ['mlflow.db']\n", done.stderr


@pytest.mark.long
@pytest.mark.slow
def test_the_page_of_an_oddly_named_folder_shows_its_runs(empty_store: Path, tmp_path: Path) -> None:
    results = tmp_path / "a%2Fb what?#结果"
    results.mkdir()
    shutil.copy(empty_store, results / "mlflow.db")
    connect(embedded_uri(results)).create_experiment("mine")
    port = free_port(0)
    command = ui_command(results, port)
    server = subprocess.Popen(command, env=ui_environment(), cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    address = f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/get-by-name?experiment_name=mine"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                with urlopen(address, timeout=5) as answer:
                    found = json.load(answer)["experiment"]
                break
            except OSError:
                assert server.poll() is None, server.communicate()[1]
                assert time.monotonic() < deadline
                time.sleep(0.2)
    finally:
        server.terminate()
        server.communicate()
    assert found["name"] == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == [results.name]


def test_a_store_is_made_in_a_working_folder_with_quotes(tmp_path, monkeypatch):
    place = tmp_path / 'it\'s "ours"'
    place.mkdir()
    monkeypatch.chdir(place)
    client = connect(embedded_uri(place))
    [experiment] = client.search_experiments()
    assert experiment.artifact_location == f"{(place / 'mlartifacts').as_uri()}/0"
    assert sorted(path.name for path in place.iterdir()) == ["mlflow.db"]
