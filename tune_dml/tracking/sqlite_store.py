"""Whether an SQLite file can be MLflow's store: looked at without MLflow, and left as it is."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from tune_dml.config import DEFAULT_RESULTS, command, joined, sqlite_uri
from tune_dml.errors import EnvironmentFault, StoreFault
from tune_dml.tracking import schema

_MAGIC = b"SQLite format 3\0"
_HEADER = 100
#: Where the header has, in how many bytes: the size of a page, the counter of changes, the number of pages, and the
#: counter at which that number was true.
_FIELDS = ((16, 2), (24, 4), (28, 4), (92, 4))
_VERSION = "alembic_version"
#: Bytes of a file that is read through to find damaged pages.
WHOLE = 16 << 20
#: How long another process's transaction is waited for.
_LOCK_SECONDS = 1.0


def check_sqlite(path: Path, results: Path | None = None, write: bool = True) -> None:
    """Refuse a store that is damaged, left half made, read-only, or another MLflow's. One that is not there yet, and
    one that another process writes to, are well.

    Args:
        path: The file.
        results: The results folder, for the commands that mend it.
        write: Whether it is to be written.

    Raises:
        StoreFault: with the cause and the cure.
        EnvironmentFault: the file cannot be read just now.
    """
    try:
        if not os.path.lexists(path):
            return _check_place(path) if write else None
        if not path.is_file():
            raise damaged(path, "it is no file", results)
        _check_header(path, results)
        if write:
            _check_writable(path)
        _look_inside(path, results)
    except OSError as error:
        raise EnvironmentFault(
            f"MLflow's store {path} cannot be read ({error.strerror or error}). Check the disk and who may read the "
            "file, or choose another with --tracking-uri."
        ) from None


def damaged(path: Path, what: str, results: Path | None = None) -> StoreFault:
    """A store that has to be made anew."""
    away = joined(["mv", str(path), f"{path}.damaged"])
    return StoreFault(
        f"MLflow's store {path} is damaged ({what}). Move it away, with {away}, and run {sync_command(path, results)}, "
        "which writes it anew from the searches' journals."
    )


def sync_command(path: Path, results: Path | None) -> str:
    """The command that writes to the store at ``path`` what it lacks."""
    root = results if results is not None else path.parent if path.name == "mlflow.db" else Path(DEFAULT_RESULTS)
    if root.absolute() / "mlflow.db" == path:
        return command("sync", root)
    return command("sync", root, "--tracking-uri", sqlite_uri(path))


def other_schema(place: str, revision: str, uri: str, backup: str) -> StoreFault | None:
    """What is wrong with a database whose schema has this ``revision``; ``None`` if nothing is.

    Args:
        place: What the database is called.
        uri: Its address.
        backup: How it is copied.
    """
    known, newest = schema.revisions()
    if newest is None or revision == newest:
        return None
    if revision in known:
        return StoreFault(
            f"MLflow's store {place} was made by an older MLflow than {schema.installed()}, which is installed. "
            f"{backup} and then upgrade it: {joined(['mlflow', 'db', 'upgrade', uri])}"
        )
    return StoreFault(
        f"MLflow's store {place} was made by a newer MLflow than {schema.installed()}, which is installed (it does not "
        f"know the schema {revision[:40]}). Upgrade MLflow: pip install --upgrade mlflow"
    )


def _check_place(path: Path) -> None:
    there = next(folder for folder in path.parents if folder.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise StoreFault(
            f"MLflow's store {path} cannot be made ({there} is read-only). Make that writable, or choose another place "
            "with --tracking-uri."
        )


def _check_header(path: Path, results: Path | None) -> None:
    with path.open("rb") as file:
        header = file.read(_HEADER)
    size = path.stat().st_size
    if not size:
        raise damaged(path, "it is empty", results)
    if not header.startswith(_MAGIC):
        raise damaged(path, "it is no SQLite database", results)
    if len(header) < _HEADER:
        raise damaged(path, "its end is missing", results)
    page, changes, pages, valid = (int.from_bytes(header[at : at + long]) for at, long in _FIELDS)
    page = 65_536 if page == 1 else page
    # An older SQLite leaves the count as it is; a transaction that was cut off is undone when the file is opened.
    if changes == valid and size < page * pages and not _has_journal(path):
        raise damaged(path, f"its end is missing: {size} of {page * pages} bytes are there", results)


def _has_journal(path: Path) -> bool:
    return any(os.path.exists(f"{path}{ending}") for ending in ("-journal", "-wal"))


def _check_writable(path: Path) -> None:
    for what in (path, path.parent):
        if not os.access(what, os.W_OK):
            mend = f"Make it writable, with {joined(['chmod', 'u+w', str(what)])}"
            if os.statvfs(what).f_flag & os.ST_RDONLY:
                mend = "It is mounted so: copy the results to another disk"
            raise StoreFault(
                f"MLflow's store {path} cannot be written ({what} is read-only). {mend}, or choose another store with "
                "--tracking-uri."
            )


def _look_inside(path: Path, results: Path | None) -> None:
    # To undo a transaction that was cut off, SQLite has to write.
    mode = "rw" if _has_journal(path) else "ro"
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode={mode}", uri=True, timeout=_LOCK_SECONDS)
        with contextlib.closing(connection):
            names = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall() if _VERSION in names else []
            if path.stat().st_size <= WHOLE:
                found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
                if found != "ok":
                    raise damaged(path, " ".join(found.split())[:100], results)
    except sqlite3.Error as error:
        if isinstance(error, sqlite3.OperationalError) and not lasting(str(error)):
            return
        raise damaged(path, str(error)[:100], results) from None
    half_made = any(name.startswith("_alembic_tmp_") for name in names)
    if half_made or (not rows and {"experiments", "runs"} <= names) or len(rows) > 1:
        raise damaged(path, "whoever made it was ended before it was whole", results)
    if not rows:
        return
    revision = str(rows[0][0])
    backup = f"Copy it first, with {joined(['cp', str(path), f'{path}.backup'])},"
    fault = other_schema(str(path), revision, sqlite_uri(path), backup)
    if fault is not None:
        raise fault
    missing = sorted(schema.tables() - names)
    if missing:
        raise damaged(path, f"it has no table {missing[0]}", results)


def lasting(words: str) -> bool:
    """Whether what SQLite says is a fault of the file, which does not go away, and not a lock or a full disk."""
    signs = ("malformed", "not a database", "no such table", "no such column", "unsupported file format", "corrupt")
    return any(sign in words for sign in signs)
