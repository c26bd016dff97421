"""Where MLflow keeps things: URIs, the embedded SQLite store, and a client that is quiet and gives up early."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tune_dml.config import SearchSettings, dotfile_uri, file_uri, sqlite_path, sqlite_query, sqlite_uri
from tune_dml.config.file_systems import age, has_record_locks
from tune_dml.config.locks import Held, hold
from tune_dml.errors import EnvironmentFault, UsageError
from tune_dml.tracking.addresses import without_password
from tune_dml.tracking.database import check_database
from tune_dml.tracking.sqlite_store import check_sqlite

if TYPE_CHECKING:
    from mlflow import MlflowClient

DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
QUICK_SECONDS = 10
UPLOAD_SECONDS = 120
#: Of a lock that SQLite holds for a transaction.
STALE_SECONDS = 60
_LIMITS = ("MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES")
_set_here: set[str] = set()


def embedded_uri(results: Path) -> str:
    """The SQLite store below a results folder."""
    return sqlite_uri(Path(results) / "mlflow.db")


def tracking_uri_of(settings: SearchSettings, results: Path) -> str:
    """The search's tracking URI, absolute: its own, else the embedded store's."""
    return absolute_uri(settings.tracking_uri) if settings.tracking_uri else embedded_uri(results)


def artifact_root(uri: str, results: Path) -> str | None:
    """Where artifacts go when no server decides: a ``file:`` URI below the results folder."""
    if uri.split("+")[0].split(":")[0] not in DATABASES:
        return None
    return file_uri(Path(results) / "mlartifacts")


def absolute_uri(uri: str) -> str:
    """``sqlite:///mlflow.db`` is relative to the working folder; everything else stays."""
    path = sqlite_path(uri)
    return uri if path is None else sqlite_uri(path, uri.partition("?")[2])


def check_tracking_uri(uri: str, *, write: bool = True) -> str:
    """The URI made absolute, if MLflow can use its kind. A server that is down is no reason to refuse it.

    Args:
        write: Whether the store is made where there is none; if it is only read, that is refused.

    Raises:
        UsageError: it is a folder (MLflow's file store is no more), or nothing that MLflow knows.
        EnvironmentFault: an SQLite file that cannot be made where it is asked for.
    """
    try:
        # Asked for, so that one that is no number is found.
        _ = urlsplit(uri).port
    except ValueError as error:
        raise UsageError(f"--tracking-uri is no address ({error}); write http://HOST:PORT.") from None
    scheme = uri.partition(":")[0].split("+")[0]
    if uri in ("databricks", "databricks-uc", "uc") or scheme in ("databricks", *_plugin_schemes()):
        return uri
    if scheme in ("http", "https"):
        if not re.match(r"https?://[^/\s]+", uri):
            raise UsageError(f"--tracking-uri {uri}: the server's name is missing; write http://HOST:PORT.")
        return uri
    if scheme in DATABASES and "://" in uri:
        if scheme == "sqlite":
            return _checked_sqlite(uri, write)
        return uri
    if re.fullmatch(r"[\w.-]+:\d+(/.*)?", uri):
        raise UsageError(f"--tracking-uri {uri}: the protocol is missing; did you mean http://{uri}?")
    if scheme == "file" or "://" not in uri:
        raise UsageError(
            f"--tracking-uri {without_password(uri)}: MLflow no longer keeps runs in plain folders; "
            "give sqlite:///PATH/mlflow.db or http://HOST:PORT, or leave the option out."
        )
    raise UsageError(
        f"--tracking-uri {without_password(uri)}: MLflow knows no '{scheme}://'; give http://HOST:PORT, "
        "sqlite:///PATH, or a postgresql, mysql or mssql URI."
    )


def _checked_sqlite(given: str, write: bool) -> str:
    path = sqlite_path(given)
    if path is None:
        raise UsageError(f"--tracking-uri {given}: the file is missing; write sqlite:///PATH/mlflow.db.")
    plain = Path(given.partition(":///")[2]).absolute()
    try:
        uri = sqlite_uri(path, sqlite_query(given))
    except ValueError:
        raise UsageError(
            f"--tracking-uri {given}: a question mark in the path has to be quoted; write {sqlite_uri(plain)}."
        ) from None
    if path != plain and "?" not in given and plain.parent.is_dir() and not path.parent.is_dir():
        raise UsageError(
            f"--tracking-uri {given}: that is read as {path}, in a folder that is not there; for the folder "
            f"{plain.parent} write {sqlite_uri(plain)}."
        )
    if not write and not os.path.lexists(path):
        raise UsageError(f"--tracking-uri {uri}: there is no such file.")
    try:
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise UsageError(f"--tracking-uri {uri}: that is a folder; name a file in it, such as mlflow.db.")
        if path.exists() and path.stat().st_size and path.open("rb").read(15) != b"SQLite format 3":
            raise UsageError(f"--tracking-uri {uri}: that file is no SQLite database; name another one.")
        writable = os.access(path if path.exists() else path.parent, os.W_OK)
    except OSError as error:
        raise EnvironmentFault(f"--tracking-uri {uri}: the file cannot be used ({error.strerror}).") from None
    if write and not writable:
        raise EnvironmentFault(f"--tracking-uri {uri}: the file cannot be written; choose another place.")
    return uri


def _plugin_schemes() -> tuple[str, ...]:
    return tuple(point.name for point in entry_points(group="mlflow.tracking_store"))


def connect(uri: str) -> MlflowClient:
    """A client of its own for ``uri`` (for SQLite this makes the tables: 2.3 s once). No global state of MLflow is set.

    Telemetry stays off unless the user's environment turns it on, and nothing is printed.

    Raises:
        EnvironmentFault: it is a database that MLflow would try again and again to open, or change without asking.
    """
    path = sqlite_path(uri)
    if path is not None:
        check_sqlite(path, write=False)
    elif uri.partition(":")[0].partition("+")[0] in DATABASES:
        check_database(uri)
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    from mlflow import MlflowClient

    if "MLFLOW_LOGGING_LEVEL" not in os.environ:
        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    if path is not None:
        _make_store(path)
    opened = lockable_uri(uri)
    return MlflowClient(tracking_uri=opened, registry_uri=opened)


def lockable_uri(uri: str) -> str:
    """The URI by which MLflow opens a store: of an SQLite file on a file system without locks, with another kind of
    lock, which every process that opens it there has to use."""
    path = sqlite_path(uri)
    if path is None or has_record_locks(path.parent):
        return uri
    lock = path.with_name(f"{path.name}.lock")
    with contextlib.suppress(OSError):
        # Left by a process that was killed: it is made for each transaction.
        if age(lock) > STALE_SECONDS:
            lock.rmdir()
    return dotfile_uri(path)


def _make_store(path: Path) -> None:
    """Make an SQLite store that is not there yet, whole or not at all.

    MLflow makes its tables in dozens of steps, and a process that is killed among them leaves a file that no later one
    can open.
    """
    if path.exists():
        return
    for ending in ("-journal", "-wal", "-shm"):
        # Of a store that was moved away: SQLite would take them for the new one's.
        path.with_name(path.name + ending).unlink(missing_ok=True)
    from mlflow.store.tracking import sqlalchemy_store

    make: Any = sqlalchemy_store.SqlAlchemyStore
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        # Not by a client: that names a place for artifacts in the working folder, whose name it does not quote.
        make(lockable_uri(sqlite_uri(new)), file_uri(path.parent / "mlartifacts"))
        try:
            os.link(new, path)
        except FileExistsError:
            pass
        except OSError:
            # A file system without hard links.
            _put_in_place(new, path)
    finally:
        new.unlink(missing_ok=True)


def _put_in_place(new: Path, path: Path) -> None:
    """Give the file another name, unless another process has done so meanwhile."""
    lock = path.with_name(f".{path.name}.lock")
    with contextlib.suppress(Held):
        held = hold(lock)
        try:
            if not path.exists():
                os.replace(new, path)
        finally:
            lock.unlink(missing_ok=True)
            held.release()
    deadline = time.monotonic() + QUICK_SECONDS
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.1)


@contextmanager
def http_limits(seconds: int = QUICK_SECONDS) -> Iterator[None]:
    """Within it, a request to a server fails after ``seconds`` and is not repeated, unless the user's environment says
    otherwise. MLflow's own limits (120 s, 7 repeats) would hold up the end of a search for many minutes."""
    previous: dict[str, str | None] = {}
    for name, value in zip(_LIMITS, (str(seconds), "0"), strict=True):
        if name in os.environ and name not in _set_here:
            continue
        previous[name] = os.environ.get(name)
        os.environ[name] = value
        _set_here.add(name)
    try:
        yield
    finally:
        for name, before in previous.items():
            if before is None:
                os.environ.pop(name, None)
                _set_here.discard(name)
            else:
                os.environ[name] = before
