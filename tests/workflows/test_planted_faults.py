"""``tune-dml doctor`` finds each of these faults, that one alone, with its cure; a search ends in the same sentence."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from encoder_zoo import FAMILIES, make_encoder
from rich.console import Console
from safetensors.numpy import load_file, save_file

from tune_dml.cli import main
from tune_dml.config import DrawSettings, SearchSettings, TaskSettings
from tune_dml.execution import limits
from tune_dml.models.source import find_encoder
from tune_dml.tracking import embedded_uri
from tune_dml.tracking.store import connect
from tune_dml.workflows import doctor as workflow
from tune_dml.workflows import doctor_machine
from tune_dml.workflows.doctor import DoctorRequest, doctor
from tune_dml.workflows.first_look import look_again
from tune_dml.workflows.output import Output

#: The first schema that MLflow ever had, and one that it never had.
OLD_SCHEMA, NEW_SCHEMA = "451aebb31d03", "fedcba987654"
WEIGHTS = "model.safetensors"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 4096\n"


class Ground:
    """Where a fault is planted: a results folder and an encoder that are well until then."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, made: Path, store: Path) -> None:
        self.folder, self.monkeypatch, self.made_store = folder, monkeypatch, store
        self.results, self.encoder, self.store = (
            folder / "results",
            folder / "encoder",
            folder / "results" / "mlflow.db",
        )
        self.results.mkdir()
        shutil.copytree(made, self.encoder)
        self.options: dict[str, Any] = {}
        self._after: list[Callable[[], object]] = []

    def request(self) -> DoctorRequest:
        given = {"results": str(self.results), "encoder": str(self.encoder), "gpus_per_trial": 0, **self.options}
        return DoctorRequest(**given)

    def with_store(self, schema: str | None = None) -> Path:
        shutil.copy(self.made_store, self.store)
        if schema is not None:
            with sqlite3.connect(self.store) as connection:
                connection.execute("UPDATE alembic_version SET version_num = ?", (schema,))
            connection.close()
        return self.store

    def mount(self, folder: Path, options: str) -> None:
        folder.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "tune-dml", str(folder)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("only root may mount a disk that is small enough")
        self._after.append(lambda: subprocess.run(["umount", "-l", str(folder)], check=True))

    def read_only(self, folder: Path) -> None:
        command = ["mount", "-o", "remount,ro", str(folder)]
        subprocess.run(command, check=True, capture_output=True)

    def server(self, status: int, body: str, health: int = 200) -> None:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(health if self.path.endswith("/health") else status)
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._after += [server.shutdown, server.server_close]
        self.options["tracking_uri"] = f"http://127.0.0.1:{server.server_port}"

    def group(self, cores: str = "max 100000", memory: str = "max") -> None:
        """A container with these limits."""
        top = self.folder / "root" / "sys/fs/cgroup"
        top.mkdir(parents=True)
        (top / "cpu.max").write_text(cores)
        (top / "memory.max").write_text(memory)
        self.monkeypatch.setattr(limits, "ROOT", self.folder / "root")

    def close(self) -> None:
        for undo in self._after:
            undo()


def in_the_way(ground: Ground) -> None:
    (ground.folder / "file").write_text("")
    ground.options["results"] = str(ground.folder / "file" / "deeper")


def is_a_file(ground: Ground) -> None:
    (ground.folder / "file").write_text("")
    ground.options["results"] = str(ground.folder / "file")


def link_to_nothing(ground: Ground) -> None:
    (ground.folder / "link").symlink_to(ground.folder / "gone")
    ground.options["results"] = str(ground.folder / "link")


def read_only(ground: Ground) -> None:
    ground.mount(ground.results, "size=64m")
    ground.read_only(ground.results)


def store_on_a_read_only_disk(ground: Ground) -> None:
    ground.mount(ground.folder / "disk", "size=64m")
    shutil.copy(ground.made_store, ground.folder / "disk" / "mlflow.db")
    ground.read_only(ground.folder / "disk")
    ground.options["tracking_uri"] = f"sqlite:///{ground.folder}/disk/mlflow.db"


def damaged_store(ground: Ground) -> None:
    store = ground.with_store()
    size = store.stat().st_size
    with store.open("r+b") as file:
        file.seek(8192)
        file.write(b"\x5a" * (size // 2))


def cut_store(ground: Ground) -> None:
    store = ground.with_store()
    os.truncate(store, store.stat().st_size // 3)


def no_database(ground: Ground) -> None:
    (ground.folder / "notes.txt").write_text("these are notes, not runs")
    ground.options["tracking_uri"] = f"sqlite:///{ground.folder}/notes.txt"


def not_finite(ground: Ground) -> None:
    state = load_file(ground.encoder / WEIGHTS)
    save_file({name: value * float("nan") for name, value in state.items()}, ground.encoder / WEIGHTS, {"format": "pt"})


def cut_weights(ground: Ground) -> None:
    os.truncate(ground.encoder / WEIGHTS, (ground.encoder / WEIGHTS).stat().st_size - 1000)


def without_tokenizer(ground: Ground) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (ground.encoder / name).unlink()


def other_packages(ground: Ground) -> None:
    asked = ["torch>=99", "numpy>=1", "no-such-package>=2", 'ray>=99; extra == "cluster"']
    ground.monkeypatch.setattr(workflow, "requires", lambda name: asked)


def too_large(ground: Ground) -> None:
    # Its header says what a trial would take; nothing of it is loaded before that is known.
    ground.group(memory="700000000")


def option(**options: Any) -> Callable[[Ground], None]:
    return lambda ground: ground.options.update(options)


#: What is planted, what doctor says is wrong, and what it says to do.
FAULTS: dict[str, tuple[Callable[[Ground], object], str, str]] = {
    "a file is where the results would be": (in_the_way, r"results: \S+ cannot be written \(Not a", "with --results"),
    "the results are a file": (is_a_file, r"results: \S+ cannot be written \(it is a file", "with --results"),
    "the results are a link to nothing": (link_to_nothing, "results: .* is a link to nothing", "with --results"),
    "the results are read-only": (read_only, r"results: .*\(Read-only file system\)", "with --results"),
    "no room": (
        lambda g: g.mount(g.results, "size=8m"),
        "results: only 8 MB are free at .* a search needs 5. MB",
        "Make room",
    ),
    "no room for files": (lambda g: g.mount(g.results, "size=900m,nr_inodes=9"), "only . more files", "Make room"),
    "a store of a newer MLflow": (lambda g: g.with_store(NEW_SCHEMA), "MLflow.*newer", "pip install"),
    "a store of an older MLflow": (lambda g: g.with_store(OLD_SCHEMA), "MLflow.*older", "mlflow db upgrade sqlite:///"),
    "a damaged store": (damaged_store, "MLflow.*damaged", "tune-dml sync"),
    "half a store": (cut_store, "MLflow.*damaged", "tune-dml sync"),
    "a store that is read-only": (store_on_a_read_only_disk, "cannot be written", "[Cc]hoose another"),
    "a store that is no database": (no_database, "is no SQLite database", "[Nn]ame another"),
    "an address that MLflow knows not": (option(tracking_uri="gopher://x"), "knows no 'gopher://'", "[Gg]ive http://"),
    "a server that is away": (option(tracking_uri="http://127.0.0.1:9"), "MLflow.* does not answer", "Start it"),
    "another server": (lambda g: g.server(200, "<html>Hello</html>"), "MLflow", "--tracking-uri"),
    "a server without MLflow's API": (lambda g: g.server(404, "{}"), "MLflow", "--tracking-uri"),
    "a server that asks for a password": (lambda g: g.server(401, ""), "MLflow.*password", "MLFLOW_TRACKING_USERNAME"),
    "no weights": (lambda g: (g.encoder / WEIGHTS).unlink(), "has no .safetensors weights", "save_pretrained"),
    "weights are a pointer": (lambda g: (g.encoder / WEIGHTS).write_text(POINTER), "LFS pointer", "git lfs pull"),
    "weights are cut short": (cut_weights, "is cut short", "[Cc]opy or download it again"),
    "weights are not finite": (not_finite, "not finite", "[Cc]opy or download"),
    "no tokenizer": (without_tokenizer, "no vocabulary", "[Cc]opy the tokenizer's files"),
    "no encoder": (lambda g: shutil.rmtree(g.encoder), "There is no folder", "Give a folder"),
    "a package of a wrong version": (
        other_packages,
        r"asks for torch>=99 \(here: .*no-such-package>=2 \(here: missing",
        "^pip install 'torch>=99' 'no-such-package>=2'$",
    ),
    "a quota below a trial": (
        lambda g: g.group(cores="50000 100000"),
        r"limits: 0.5 of \d+ cores.* \(cgroup v2\), and a trial is to have 1 cores",
        "--cpus-per-trial 0.5, or the container more",
    ),
    "more cores than there are": (option(cpus_per_trial=999.0), "limits: .*trial is to have 999", "--cpus-per-trial"),
    "too little memory for the model": (too_large, "memory: about .*this machine has 0.7 GB", "smaller encoder"),
    "no shared memory": (
        lambda g: g.monkeypatch.setattr(doctor_machine, "SHARED", g.folder / "no-shm"),
        "shared memory: .* cannot be used",
        "--shm-size",
    ),
    "GPUs that are not there": (option(gpus_per_trial=64), "A trial needs 1 CPUs and 64 GPUs", "--gpus-per-trial"),
}  # fmt: skip


@pytest.fixture(scope="module")
def session() -> Iterator[None]:
    """A session of the user's: doctor leaves it alone, and need not start Ray for each fault."""
    import ray

    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An encoder and an MLflow store that are well."""
    folder = tmp_path_factory.mktemp("made")
    connect(embedded_uri(folder))
    return make_encoder(folder / "encoder", FAMILIES["BERT"]), folder / "mlflow.db"


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: tuple[Path, Path]) -> Iterator[Ground]:
    ground = Ground(tmp_path, monkeypatch, *made)
    yield ground
    ground.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_with_its_cure(fault: str, ground: Ground, session: None) -> None:
    plant, says, mend = FAULTS[fault]
    plant(ground)
    [wrong] = [check for check in doctor(ground.request()) if not check.ok]
    assert re.search(says, wrong.says), wrong
    assert re.search(mend, wrong.mend), wrong


def test_all_is_well_where_nothing_is_planted(ground: Ground, session: None) -> None:
    ground.with_store()
    before = ground.store.read_bytes()
    ground.group(cores="150000 100000", memory="4000000000")
    checks = doctor(ground.request())
    assert [check for check in checks if not check.ok] == []
    said = "\n".join(check.says for check in checks)
    assert "limits: 1.5 of" in said
    assert "4.0 of" in said
    assert "room for 1 trial" in said
    assert "can be read and written" in said
    assert ground.store.read_bytes() == before
    assert find_encoder(str(ground.encoder)).folder is not None


def test_a_file_system_that_lacks_something_is_named_and_will_do(
    ground: Ground, session: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    for module, name in ((fcntl, "flock"), (fcntl, "lockf"), (os, "link")):
        monkeypatch.setattr(module, name, missing)
    checks = doctor(ground.request())
    assert [check for check in checks if not check.ok] == []
    [said] = [check.says for check in checks if check.says.startswith("file system")]
    assert "no flock (Operation not supported), no locks for databases" in said
    assert "no hard links (Operation not supported); a search does without" in said


def one_sentence(text: str) -> str:
    """Doctor parts what is wrong from what mends it."""
    return text.replace("; ", ". ").lower()


#: Those that cost a search milliseconds; where results are at fault the exit code is that of a wrong option.
LOOKED_AT_FIRST = {
    "a file is where the results would be": 2,
    "the results are a link to nothing": 2,
    "the results are read-only": 2,
    "no room": 3,
    "a store of a newer MLflow": 3,
    "a store of an older MLflow": 3,
    "a damaged store": 3,
    "a store that is read-only": 3,
    "a quota below a trial": 3,
    "more cores than there are": 3,
    "too little memory for the model": 3,
}


@pytest.mark.parametrize("fault", LOOKED_AT_FIRST)
def test_a_search_ends_in_the_same_sentence_before_anything_starts(
    fault: str, ground: Ground, session: None, capsys: pytest.CaptureFixture[str]
) -> None:
    FAULTS[fault][0](ground)
    request = ground.request()
    [wrong] = [check for check in doctor(request) if not check.ok]
    options = ["--results", request.results, "--cpus-per-trial", str(request.cpus_per_trial), "--gpus-per-trial", "0"]
    if request.tracking_uri is not None:
        options += ["--tracking-uri", request.tracking_uri]
    code = main(["search", "--task", "bbc", "--shots", "25", "--encoder", str(ground.encoder), *options])
    captured = capsys.readouterr()
    assert one_sentence(f"{wrong.says}. {wrong.mend}") in one_sentence(captured.err)
    assert code == LOOKED_AT_FIRST[fault]
    assert not (Path(request.results) / "searches").exists()


def test_a_search_that_was_started_on_a_larger_machine_is_told_of(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    ground.group(cores="150000 100000")
    settings = SearchSettings("far", TaskSettings("bbc"), DrawSettings(), "bert-tiny", "ce", concurrency=8)
    out = Output(Console(stderr=True))
    look_again(settings, limits.limits(), 4_000_000, out)
    assert "room for 1 of the 8 trials at a time" in capsys.readouterr().err.replace("\n", " ")
    look_again(replace(settings, concurrency=1), limits.limits(), 4_000_000, out)
    assert capsys.readouterr().err == ""


def test_a_limit_that_binds_is_said_and_decides_how_many_trials_run(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    ground.group(cores="200000 100000", memory="1600000000")
    ground.monkeypatch.setattr(os, "cpu_count", lambda: 8)
    ground.monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    options = ["--results", str(ground.results), "--gpus-per-trial", "0", "--dry-run", "--json"]
    assert main(["search", "--task", "bbc", "--shots", "25", "--encoder", str(ground.encoder), *options]) == 0
    captured = capsys.readouterr()
    assert "limits: 2 of 8 cores, 1.6 of " in captured.err
    assert json.loads(captured.out)["concurrency"] == 1
