"""Stores of another MLflow, damaged ones, and what is no store: the cause, and the cure, which is tried."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tune_dml.config import State
from tune_dml.errors import EnvironmentFault, StoreFault
from tune_dml.tracking import Tracker, best_per_task, check_store, embedded_uri, free_port, reconcile_search
from tune_dml.tracking.sqlite_store import check_sqlite


@pytest.fixture
def store(client, results, tmp_path) -> Path:
    """A copy of a real store, in a results folder of its own."""
    client.search_experiments(max_results=1)
    place = tmp_path / "my results"
    place.mkdir()
    return shutil.copy(results / "mlflow.db", place / "mlflow.db")


def run(store: Path, statement: str) -> None:
    with sqlite3.connect(store) as opened:
        opened.execute(statement)
    opened.close()


def downgrade(store: Path, revision: str) -> None:
    """By MLflow's own scripts: the store as an earlier MLflow makes it."""
    store.unlink()
    code = f"""
import sqlalchemy
from alembic import command
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base
engine = sqlalchemy.create_engine("sqlite:///{store}")
Base.metadata.create_all(engine)
config = _get_alembic_config("sqlite:///{store}")
with engine.begin() as connection:
    config.attributes["connection"] = connection
    command.upgrade(config, "{revision}")
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def overwrite(store: Path, at: int, size: int) -> None:
    with store.open("r+b") as file:
        file.seek(at)
        file.write(os.urandom(size))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda store: store.write_bytes(b""),
    "no database": lambda store: store.write_text("these are notes " * 100),
    "a few bytes": lambda store: os.truncate(store, 60),
    "cut": lambda store: os.truncate(store, store.stat().st_size // 3),
    "its last page cut": lambda store: os.truncate(store, store.stat().st_size - 4096),
    "pages overwritten": lambda store: overwrite(store, 4096, 80_000),
    "a table missing": lambda store: run(store, "DROP TABLE runs"),
    "half made": lambda store: run(store, "DROP TABLE alembic_version"),
    "half upgraded": lambda store: run(store, "CREATE TABLE _alembic_tmp_runs (x)"),
    "a folder": lambda store: (store.unlink(), store.mkdir()),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_store(store, how):
    DAMAGE[how](store)
    with pytest.raises(StoreFault) as raised:
        check_store(embedded_uri(store.parent), store.parent)
    says = str(raised.value)
    assert f"MLflow's store {store} is damaged" in says
    assert f"Move it away, with mv '{store}' '{store}.damaged'" in says
    assert f"run tune-dml sync --results '{store.parent}'" in says
    assert "SELECT" not in says


@pytest.mark.long
@pytest.mark.slow
def test_an_older_store_is_upgraded_by_the_command_that_is_named(store):
    downgrade(store, "c3d6457b6d8a")
    with pytest.raises(StoreFault) as raised:
        check_store(embedded_uri(store.parent), store.parent)
    says = str(raised.value)
    assert "was made by an older MLflow" in says
    assert f"Copy it first, with cp '{store}' '{store}.backup'" in says
    command = says.partition("upgrade it: ")[2]
    assert command == f"mlflow db upgrade 'sqlite:///{store}'"
    with pytest.raises(StoreFault, match="older MLflow"):
        best_per_task(embedded_uri(store.parent))
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(command, shell=True, check=True, capture_output=True, env=environment)
    check_store(embedded_uri(store.parent), store.parent)


def test_a_newer_store(store):
    run(store, "UPDATE alembic_version SET version_num = 'ffffffffffff'")
    with pytest.raises(StoreFault, match=r"newer MLflow than [\d.]+, which is installed.*pip install --upgrade mlflow"):
        check_store(embedded_uri(store.parent))
    with pytest.raises(StoreFault, match="newer MLflow"):
        best_per_task(embedded_uri(store.parent))


def test_a_good_store_is_found_good_at_once_and_left_as_it_is(store):
    before = store.read_bytes()
    check_sqlite(store)
    begun = time.perf_counter()
    check_store(embedded_uri(store.parent), store.parent)
    assert time.perf_counter() - begun < 0.25, "50 ms, on a machine with nothing else to do"
    assert store.read_bytes() == before
    check_store(embedded_uri(store.parent / "new"), store.parent / "new")
    assert not (store.parent / "new").exists()
    code = f"""
import sys
from tune_dml.tracking import check_store
check_store({embedded_uri(store.parent)!r})
print("mlflow" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_store_that_is_written_to_is_well(store, monkeypatch):
    monkeypatch.setattr("tune_dml.tracking.sqlite_store._LOCK_SECONDS", 0.1)
    holder = sqlite3.connect(store, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    check_store(embedded_uri(store.parent))
    holder.close()


def test_a_store_whose_writer_was_killed_in_a_transaction_is_well(store):
    code = f"""
import os, sqlite3
opened = sqlite3.connect({str(store)!r}, isolation_level=None)
opened.execute("PRAGMA cache_size = 1")
opened.execute("BEGIN IMMEDIATE")
opened.execute("CREATE TABLE big (x)")
for _ in range(2000):
    opened.execute("INSERT INTO big VALUES (randomblob(1000))")
os._exit(9)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    assert store.with_name("mlflow.db-journal").exists()
    check_store(embedded_uri(store.parent), store.parent)


def test_a_store_that_may_not_be_written(store):
    store.chmod(0o444)
    if os.access(store, os.W_OK):
        pytest.skip("this user may write everything")
    with pytest.raises(StoreFault, match=r"cannot be written .*chmod u\+w"):
        check_store(embedded_uri(store.parent))
    check_store(embedded_uri(store.parent), write=False)


def test_a_store_on_a_disk_that_is_mounted_to_be_read(store, tmp_path):
    place = tmp_path / "mounted"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tune-dml", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount")
    try:
        shutil.copy(store, place)
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        with pytest.raises(StoreFault, match="It is mounted so: copy the results to another disk"):
            check_store(embedded_uri(place))
        check_store(embedded_uri(place), write=False)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_store_that_is_made_anew_does_not_take_over_what_the_former_left(store, make_settings):
    """SQLite would undo in the new file what was being done in the old one."""
    settings = make_settings()
    store.with_name("mlflow.db-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(600))
    store.unlink()
    assert reconcile_search(settings, store.parent, [], about={}) == []
    check_store(embedded_uri(store.parent), store.parent)


@pytest.fixture
def answering() -> Iterator[Callable[[int, str], str]]:
    """A server that gives the same answer to everything."""
    servers: list[ThreadingHTTPServer] = []

    def start(status: int, body: str) -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, "<html>Hello</html>", "is no MLflow server"),
        (404, "<html>Not found</html>", "is no MLflow server"),
        (404, "{}", "is no MLflow server"),
        (401, "You are not authenticated.", "MLFLOW_TRACKING_USERNAME"),
        (401, '{"detail": "Not authenticated"}', "MLFLOW_TRACKING_USERNAME"),
        (403, "Forbidden", "does not permit"),
        (403, '{"error_code": "PERMISSION_DENIED", "message": "no"}', "does not permit"),
    ],
)
def test_servers_that_will_not_do(answering, make_settings, make_record, results, status, body, words):
    uri = answering(status, body)
    for refused in (
        lambda: check_store(uri),
        lambda: best_per_task(uri),
        lambda: reconcile_search(
            dataclasses.replace(make_settings(), tracking_uri=uri), results, [make_record(0, 1, State.COMPLETE)]
        ),
    ):
        with pytest.raises(StoreFault, match=words):
            refused()


def test_a_server_without_tls(answering):
    with pytest.raises(StoreFault, match=r"MLFLOW_TRACKING_SERVER_CERT_PATH.*http://"):
        check_store(answering(200, "{}").replace("http://", "https://"))


@pytest.mark.parametrize(("status", "body"), [(500, "oops"), (503, "<html>Back soon</html>")])
def test_servers_that_will_do_later(answering, status, body):
    with pytest.raises(EnvironmentFault) as raised:
        check_store(answering(status, body))
    assert not isinstance(raised.value, StoreFault)


def test_databases_that_are_away_or_have_no_driver():
    with pytest.raises(StoreFault, match=r"driver that is not installed .*pip install"):
        check_store("mysql+mysqlconnector://me:secret@127.0.0.1:9/x")
    with pytest.raises(EnvironmentFault) as raised:
        check_store(f"postgresql+pg8000://me:secret@127.0.0.1:{free_port(0)}/x")
    assert "secret" not in str(raised.value)


def test_a_running_search_tells_it_once_and_goes_on(store, make_settings, make_record):
    """The store is damaged, and mended while the search runs."""
    results, settings = store.parent, make_settings()
    whole = store.read_bytes()
    os.truncate(store, len(whole) // 3)
    warnings: list[str] = []
    tracker = Tracker(settings, results, warnings.append, retry_seconds=0.02)
    tracker.search_started({"trials": "2"})
    tracker.trial_changed(make_record(0, 2, State.COMPLETE))
    deadline = time.monotonic() + 20
    while not warnings and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    assert len(warnings) == 1
    assert "is damaged" in warnings[0]
    assert "The search goes on, and its results on disk are complete" in warnings[0]
    assert "when it is back" not in warnings[0]
    store.write_bytes(whole)
    tracker.trial_changed(make_record(1, 1, State.PRUNED))
    # The next attempt comes within 15 times the first wait.
    while tracker._owed() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert tracker.close()
    assert len(warnings) == 1
