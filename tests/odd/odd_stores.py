"""Stores of MLflow that are of another version, damaged, moved, gone, read-only, locked or away."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from .attempt import Attempt
from .oddity import surrounding
from .surroundings import as_anybody

#: Of runs that open the store.
_KINDS = ("look", "search", "dry-run", "doctor")
_STORE = "mlflow.db"


def _execute(store: Path, statement: str) -> None:
    opened = sqlite3.connect(store)
    with opened:
        opened.execute(statement)
    opened.close()


def _overwrite(store: Path, at: int, size: int) -> None:
    with store.open("r+b") as file:
        file.seek(at)
        file.write(b"\x5a\x13" * (size // 2))


_DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda store: store.write_bytes(b""),
    "text": lambda store: store.write_text("these are notes " * 100),
    "of a few bytes": lambda store: os.truncate(store, 60),
    "cut": lambda store: os.truncate(store, store.stat().st_size // 3),
    "without its last page": lambda store: os.truncate(store, store.stat().st_size - 4096),
    "overwritten": lambda store: _overwrite(store, 4096, 80_000),
    "without a table": lambda store: _execute(store, "DROP TABLE runs"),
    "half made": lambda store: _execute(store, "DROP TABLE alembic_version"),
    "a folder": lambda store: (store.unlink(), store.mkdir()),
}


def _do(pattern: str) -> Callable[[str], object]:
    """Runs the shell command that the output names."""

    def cure(said: str) -> None:
        found = re.search(pattern, " ".join(said.split()))
        assert found is not None, f"no command {pattern!r}"
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        subprocess.run(found[1], shell=True, check=True, capture_output=True, env={**os.environ, "PATH": path})

    return cure


def _damaged(what: str, damage: Callable[[Path], object]) -> None:
    @surrounding(f"a store that is {what}" if what[0] != "w" else f"a store {what}", "store", _KINDS, works=False)
    def change(attempt: Attempt) -> None:
        attempt.spoil.append(lambda results: damage(results / _STORE))
        attempt.cure = _do(r"Move it away, with (mv .*?), and run tune-dml sync")
        attempt.mention(None, "damaged", "refused")


for _what, _damage in _DAMAGE.items():
    _damaged(_what, _damage)


@surrounding("a store of an older MLflow", "store", _KINDS, works=False)
def older(attempt: Attempt) -> None:
    old = attempt.grounds.older_store()
    attempt.spoil.append(lambda results: shutil.copy(old, results / _STORE))
    attempt.cure = _do(r"upgrade it: (mlflow db upgrade (?:'[^']*'(?:\"'\"'[^']*')*|\S+))")
    attempt.mention(None, "older MLflow", "refused")


@surrounding("a store of a newer MLflow", "store", _KINDS, works=False)
def newer(attempt: Attempt) -> None:
    change = "UPDATE alembic_version SET version_num = 'fedcba987654'"
    attempt.spoil.append(lambda results: _execute(results / _STORE, change))
    attempt.cure = lambda said: None
    attempt.cured = lambda results: shutil.copy(attempt.grounds.folder / "shared" / "single" / _STORE, results)
    attempt.mention(None, r"newer MLflow.*pip install --upgrade mlflow", "refused")


@surrounding("a store that is gone", "store", _KINDS, works=False)
def gone(attempt: Attempt) -> None:
    attempt.spoil.append(lambda results: (results / _STORE).unlink())
    attempt.cure = lambda said: None


@surrounding("a store and its artifacts that are gone", "store", _KINDS, works=False)
def all_gone(attempt: Attempt) -> None:
    gone(attempt)
    attempt.spoil.append(lambda results: shutil.rmtree(results / "mlartifacts", ignore_errors=True))


@surrounding("a results folder that was moved twice", "store", _KINDS)
def moved(attempt: Attempt) -> None:
    def move(results: Path) -> None:
        for name in ("once moved", "moved again"):
            results.rename(results.parent / name)
            (results.parent / name).rename(results)

    attempt.spoil.append(move)


@surrounding("a store that is read-only", "store", _KINDS, works=False)
def read_only(attempt: Attempt) -> None:
    attempt.surroundings.acts.append(as_anybody)
    attempt.spoil.append(lambda results: (results / _STORE).chmod(0o444))
    attempt.cure = _do(r"Make it writable, with (chmod .*?), or choose")


@surrounding("a results folder that is read-only", "store", _KINDS, works=False)
def read_only_folder(attempt: Attempt) -> None:
    attempt.surroundings.acts.append(as_anybody)
    attempt.spoil.append(lambda results: results.chmod(0o555))
    attempt.cure = lambda said: None
    attempt.cured = lambda results: results.chmod(0o755)


@surrounding("a store that another process has locked", "store", _KINDS, works=False)
def locked(attempt: Attempt) -> None:
    holders: list[sqlite3.Connection] = []

    def lock(results: Path) -> None:
        holder = sqlite3.connect(results / _STORE, isolation_level=None, check_same_thread=False)
        holder.execute("BEGIN EXCLUSIVE")
        holders.append(holder)

    def release(_: object = None) -> None:
        while holders:
            holders.pop().close()

    attempt.spoil.append(lock)
    attempt.cure = release
    attempt.after.append(release)


@surrounding("a tracking server that is away", "store", _KINDS, works=False)
def away(attempt: Attempt) -> None:
    attempt.tracking = ["--tracking-uri", "http://127.0.0.1:9"]

    def elsewhere_then(said: str) -> None:
        attempt.tracking[1] = f"sqlite:///{attempt.folder}/my store.db"

    attempt.cure = elsewhere_then


@surrounding("a store elsewhere, with an odd name", "store", _KINDS)
def elsewhere(attempt: Attempt) -> None:
    attempt.tracking = ["--tracking-uri", f"sqlite:///{attempt.folder}/my store.db"]


@surrounding("a store that a killed writer left", "store", _KINDS)
def killed_writer(attempt: Attempt) -> None:
    def kill(results: Path) -> None:
        code = (
            "import os, sqlite3, sys\n"
            "opened = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
            "opened.execute('PRAGMA cache_size = 1')\nopened.execute('BEGIN IMMEDIATE')\n"
            "opened.execute('CREATE TABLE big (x)')\n"
            "for _ in range(2000):\n    opened.execute('INSERT INTO big VALUES (randomblob(1000))')\n"
            "os._exit(9)\n"
        )
        subprocess.run([sys.executable, "-c", code, str(results / _STORE)], check=False)

    attempt.spoil.append(kill)
