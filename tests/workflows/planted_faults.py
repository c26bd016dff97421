"""Faults that ``test_planted_faults.py`` plants, with what is to be said of each."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file, save_file

from tune_dml.checks import machine_check
from tune_dml.execution import limits
from tune_dml.workflows import doctor as workflow
from tune_dml.workflows.doctor import DoctorRequest

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
        lambda g: g.monkeypatch.setattr(machine_check, "SHARED", g.folder / "no-shm"),
        "shared memory: .* cannot be used",
        "--shm-size",
    ),
    "GPUs that are not there": (option(gpus_per_trial=64), "A trial needs 1 CPUs and 64 GPUs", "--gpus-per-trial"),
}  # fmt: skip
