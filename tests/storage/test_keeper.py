"""The copy of a running search: what is in it, when, and what a store that fails costs."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tune_dml.errors import ResultsError
from tune_dml.storage import Keeper, Store, download, names_in, open_store, parse_address, searches_in
from tune_dml.storage.store import CHUNK

KEPT = {
    "search.yaml",
    "study.log",
    "mlflow.json",
    "model/config.json",
    "model/model.safetensors",
    "model/tune_dml.json",
}


def keeper(store: Store, folder: Path, every: float = 0.05, **options: Any) -> Keeper:
    made = Keeper(store, "mine", folder, every=every, last=("tune_dml.json",), **options)
    made.start()
    return made


def copied(store: Store, name: str = "mine") -> dict[str, bytes]:
    found = {}
    for entry in store.entries(name):
        # One may be replaced at this very moment: it is gone, or what is read of it breaks off.
        with contextlib.suppress(OSError), store.read(f"{name}/{entry.name}") as stream:
            found[entry.name] = stream.read()
    return found


def until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_results_are_copied_and_scratch_is_not(store: Store, searching: Path) -> None:
    assert keeper(store, searching).close() is None
    there = copied(store)
    assert there.keys() == KEPT
    assert there["study.log"] == b'{"op_code": 0}\n{"op_code": 4}\n'
    assert names_in(store) == {"mine"}
    [when] = searches_in(store).values()
    assert when is not None
    assert abs(when - time.time()) < 60


def test_what_changes_is_copied_while_the_search_runs(store: Store, searching: Path) -> None:
    running = keeper(store, searching)
    until(lambda: copied(store).keys() >= KEPT)
    with (searching / "study.log").open("a") as stream:
        stream.write('de": 5}\n{"op')
    (searching / "best.yaml").write_text("config: {}\n")
    until(lambda: "best.yaml" in copied(store))
    assert copied(store)["study.log"].endswith(b'{"op_code": 5}\n')
    (searching / "model" / "model.safetensors").write_text("better weights")
    (searching / "best.yaml").unlink()
    assert running.close() is None
    there = copied(store)
    assert there["model/model.safetensors"] == b"better weights"
    assert there.keys() == KEPT


def test_what_the_store_has_lost_is_copied_again(store: Store, searching: Path) -> None:
    running = keeper(store, searching, every=60)
    assert running.close() is None
    running = keeper(store, searching)
    until(lambda: copied(store).keys() == KEPT)
    store.delete("mine/study.log")
    until(lambda: "study.log" in copied(store))
    assert running.close() is None


def test_a_search_that_is_deleted_here_stays_in_the_store(store: Store, searching: Path) -> None:
    running = keeper(store, searching, every=0.2)
    until(lambda: copied(store).keys() == KEPT)
    for path in sorted(searching.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert "gone" in str(running.close())
    assert copied(store).keys() == KEPT


def test_another_machine_that_goes_on_with_the_search_is_left_alone(store: Store, searching: Path) -> None:
    warnings: list[str] = []
    running = keeper(store, searching, on_warning=warnings.append)
    until(lambda: copied(store).keys() == KEPT)
    longer = b'{"op_code": 0}\n{"op_code": 4}\n{"op_code": 6}\n'
    store.write("mine/study.log", io.BytesIO(longer), len(longer), lambda: None)
    with (searching / "study.log").open("a") as stream:
        stream.write('de": 5}\n' * 9)
    until(lambda: bool(warnings))
    assert "another process" in str(running.close())
    assert copied(store)["study.log"] == longer
    assert len(warnings) == 1


def test_a_model_is_never_a_mixture_that_says_it_is_whole(store: Store, searching: Path) -> None:
    """The store fails in the middle of replacing a model: what says that the model is whole is not there."""

    class Failing:
        """A store that takes no weights any more."""

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def write(self, name: str, *rest: Any) -> None:
            if name.endswith(".safetensors"):
                raise OSError("no space left")
            store.write(name, *rest)

    assert keeper(store, searching).close() is None
    (searching / "model" / "model.safetensors").write_text("better weights")
    assert keeper(Failing(), searching).close() == "no space left"
    assert "model/tune_dml.json" not in copied(store)
    assert keeper(store, searching).close() is None
    assert copied(store).keys() == KEPT


def test_a_server_that_goes_away_costs_one_warning_and_no_time(s3: Any, searching: Path) -> None:
    store, warnings = open_store(parse_address(s3.uri)), []
    running = keeper(store, searching, on_warning=warnings.append)
    until(lambda: copied(store).keys() == KEPT)
    s3.stop()
    before = time.monotonic()
    with (searching / "study.log").open("a") as stream:
        stream.write('de": 5}\n')
    assert time.monotonic() - before < 1
    until(lambda: bool(warnings))
    s3.start()
    until(lambda: copied(store)["study.log"].endswith(b'{"op_code": 5}\n'))
    s3.stop()
    assert running.close() == "no connection"
    assert len(warnings) == 1
    assert "cannot be written (no connection)" in warnings[0]
    s3.start()
    assert keeper(store, searching).close() is None


def test_an_upload_that_breaks_off_leaves_the_object_as_it_was(s3: Any) -> None:
    store = open_store(parse_address(s3.uri))
    store.write("mine/model.safetensors", io.BytesIO(b"old"), 3, lambda: None)
    size, parts = 5 * CHUNK, []

    def moved() -> None:
        parts.append(1)
        if len(parts) == 3:
            s3.stop()

    with pytest.raises(OSError, match="NETWORK_CONNECTION"):
        store.write("mine/model.safetensors", io.BytesIO(bytes(size)), size, moved)
    s3.start()
    assert copied(store) == {"model.safetensors": b"old"}
    store.write("mine/model.safetensors", io.BytesIO(bytes(size)), size, lambda: None)
    assert len(copied(store)["model.safetensors"]) == size


def test_a_source_that_breaks_off_leaves_nothing_torn(store: Store) -> None:
    with pytest.raises(OSError, match="shorter"):
        store.write("mine/model.safetensors", io.BytesIO(bytes(2 * CHUNK)), 3 * CHUNK, lambda: None)
    assert copied(store) == {}


def test_a_kill_in_the_middle_of_a_copy_leaves_whole_files(tmp_path: Path) -> None:
    code = """
import io, sys
from tune_dml.storage import open_store, parse_address
store = open_store(parse_address(sys.argv[1]))
number = 0
while True:
    text = str(number % 10).encode() * 3_000_000
    store.write("mine/model/model.safetensors", io.BytesIO(text), len(text), lambda: None)
    print(number, flush=True)
    number += 1
"""
    for _ in range(4):
        child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "copies")], stdout=subprocess.PIPE)
        assert child.stdout is not None
        for _ in range(3):
            child.stdout.readline()
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        store = open_store(parse_address(str(tmp_path / "copies")))
        [text] = [text for name, text in copied(store).items() if not name.rpartition("/")[2].startswith(".")]
        assert len(text) == 3_000_000
        assert len(set(text)) == 1


def test_a_mount_that_goes_away_is_not_made_again(tmp_path: Path, searching: Path) -> None:
    copies, warnings = tmp_path / "copies", []
    running = keeper(open_store(parse_address(str(copies))), searching, on_warning=warnings.append)
    until(lambda: (copies / "mine" / "model" / "tune_dml.json").is_file())
    copies.rename(tmp_path / "away")
    until(lambda: bool(warnings))
    assert "is gone" in str(running.close())
    assert not copies.exists()


def test_leftovers_of_a_kill_are_removed_but_no_file_that_is_being_written(tmp_path: Path, searching: Path) -> None:
    folder = tmp_path / "copies" / "mine"
    folder.mkdir(parents=True)
    for name, hours in ((".leftover.00.tmp", 2), (".study.log.00.tmp", 0)):
        (folder / name).write_text("half")
        os.utime(folder / name, (time.time() - 3600 * hours,) * 2)
    store = open_store(parse_address(str(tmp_path / "copies")))
    assert keeper(store, searching).close() is None
    assert copied(store).keys() == KEPT | {".study.log.00.tmp"}


def test_a_store_that_does_not_answer_is_not_waited_for(store: Store, searching: Path) -> None:
    let_go = threading.Event()

    class Hanging:
        """A mount that hangs once the search runs."""

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def write(self, name: str, *rest: Any) -> None:
            if not name.endswith("search.yaml"):
                let_go.wait()
            store.write(name, *rest)

    running = keeper(Hanging(), searching)
    before = time.monotonic()
    assert running.close(patience=0.5) == "no answer in time"
    assert time.monotonic() - before < 5
    let_go.set()
    assert running.close() is None


@pytest.mark.parametrize("name", ["../outside.txt", "model/../../outside.txt", "model/./x", "back\\slash"])
def test_nothing_leaves_the_folder_it_is_brought_into(s3: Any, tmp_path: Path, name: str) -> None:
    import boto3

    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{s3.port}", region_name="us-east-1")
    for key in ("search.yaml", name):
        client.put_object(Bucket="bucket", Key=f"some/prefix/mine/{key}", Body=b"foreign")
    store = open_store(parse_address(s3.uri))
    before = set(tmp_path.rglob("*"))
    with pytest.raises((ResultsError, OSError)):
        download(store, "mine", tmp_path / "new" / "mine")
    assert set(tmp_path.rglob("*")) == before


def test_links_in_a_store_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "passwd").write_text("hidden")
    mine = tmp_path / "copies" / "mine"
    mine.mkdir(parents=True)
    (mine / "search.yaml").write_text("settings: {}\n")
    (mine / "report.html").symlink_to(secret / "passwd")
    (mine / "model").symlink_to(secret)
    (tmp_path / "copies" / "other").symlink_to(mine)
    store = open_store(parse_address(str(tmp_path / "copies")))
    assert names_in(store) == {"mine"}
    download(store, "mine", tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").rglob("*")] == ["search.yaml"]
