"""Where MLflow keeps things: URIs, the embedded SQLite store, and a client that is quiet and gives up early."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from tune_dml.config import SearchSettings
from tune_dml.errors import EnvironmentFault, UsageError

if TYPE_CHECKING:
    from mlflow import MlflowClient

_HIDDEN = "***@"
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
QUICK_SECONDS = 10
UPLOAD_SECONDS = 120
_LIMITS = ("MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES")
_set_here: set[str] = set()


def embedded_uri(results: Path) -> str:
    """The SQLite store below a results folder."""
    return f"sqlite:///{Path(results).absolute() / 'mlflow.db'}"


def tracking_uri_of(settings: SearchSettings, results: Path) -> str:
    """The search's tracking URI, absolute: its own, else the embedded store's."""
    return absolute_uri(settings.tracking_uri) if settings.tracking_uri else embedded_uri(results)


def artifact_root(uri: str, results: Path) -> str | None:
    """Where artifacts go when no server decides: a ``file:`` URI below the results folder."""
    if uri.split("+")[0].split(":")[0] not in DATABASES:
        return None
    return (Path(results).absolute() / "mlartifacts").as_uri()


def absolute_uri(uri: str) -> str:
    """``sqlite:///mlflow.db`` is relative to the working folder; everything else stays."""
    if uri.startswith("sqlite:///") and uri != "sqlite:///:memory:":
        return f"sqlite:///{Path(uri.removeprefix('sqlite:///')).absolute()}"
    return uri


def without_password(uri: str) -> str:
    """The URI as it may be shown and stored."""
    parts = urlsplit(uri)
    if "@" not in parts.netloc:
        return uri
    return urlunsplit(parts._replace(netloc=_HIDDEN + parts.netloc.rpartition("@")[2]))


def with_password(uri: str) -> str:
    """The URI that :func:`without_password` gave, with the user's name and password again, from where MLflow's own
    tools have them: ``MLFLOW_TRACKING_URI``, or, of a server, ``MLFLOW_TRACKING_USERNAME`` and ``_PASSWORD``.

    Raises:
        UsageError: a database's, and the first variable is not set for it.
    """
    if _HIDDEN not in uri:
        return uri
    given = os.environ.get("MLFLOW_TRACKING_URI", "")
    if without_password(given) == uri:
        return given
    if uri.startswith("http"):
        return uri.replace(_HIDDEN, "", 1)
    raise UsageError(f"The password of {uri} was not stored: give --tracking-uri again, or set MLFLOW_TRACKING_URI.")


def check_tracking_uri(uri: str) -> str:
    """The URI made absolute, if MLflow can use its kind. A server that is down is no reason to refuse it.

    Raises:
        UsageError: it is a folder (MLflow's file store is no more), or nothing that MLflow knows.
        EnvironmentFault: an SQLite file that cannot be made where it is asked for.
    """
    scheme = uri.partition(":")[0].split("+")[0]
    if uri in ("databricks", "databricks-uc", "uc") or scheme in ("databricks", *_plugin_schemes()):
        return uri
    if scheme in ("http", "https"):
        if not re.match(r"https?://[^/\s]+", uri):
            raise UsageError(f"--tracking-uri {uri}: the server's name is missing; write http://HOST:PORT.")
        return uri
    if scheme in DATABASES and "://" in uri:
        if scheme == "sqlite":
            return _checked_sqlite(uri)
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


def _checked_sqlite(uri: str) -> str:
    if not uri.startswith("sqlite:///") or not uri.removeprefix("sqlite:///").strip("/"):
        raise UsageError(f"--tracking-uri {uri}: the file is missing; write sqlite:///PATH/mlflow.db.")
    uri = absolute_uri(uri)
    path = Path(uri.removeprefix("sqlite:///"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise UsageError(f"--tracking-uri {uri}: that is a folder; name a file in it, such as mlflow.db.")
        if path.exists() and path.stat().st_size and path.open("rb").read(15) != b"SQLite format 3":
            raise UsageError(f"--tracking-uri {uri}: that file is no SQLite database; name another one.")
        writable = os.access(path if path.exists() else path.parent, os.W_OK)
    except OSError as error:
        raise EnvironmentFault(f"--tracking-uri {uri}: the file cannot be used ({error.strerror}).") from None
    if not writable:
        raise EnvironmentFault(f"--tracking-uri {uri}: the file cannot be written; choose another place.")
    return uri


def _plugin_schemes() -> tuple[str, ...]:
    return tuple(point.name for point in entry_points(group="mlflow.tracking_store"))


def connect(uri: str) -> MlflowClient:
    """A client of its own for ``uri`` (for SQLite this makes the tables: 2.3 s once). No global state of MLflow is set.

    Telemetry stays off unless the user's environment turns it on, and nothing is printed.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    from mlflow import MlflowClient

    if "MLFLOW_LOGGING_LEVEL" not in os.environ:
        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    if uri.startswith("sqlite:///"):
        _make_store(Path(uri.removeprefix("sqlite:///")))
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _make_store(path: Path) -> None:
    """Make an SQLite store that is not there yet, whole or not at all.

    MLflow makes its tables in dozens of steps, and a process that is killed among them leaves a file that no later one
    can open.
    """
    if path.exists():
        return
    from mlflow import MlflowClient

    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        MlflowClient(tracking_uri=f"sqlite:///{new}").search_experiments(max_results=1)
        with contextlib.suppress(FileExistsError):
            os.link(new, path)
    finally:
        new.unlink(missing_ok=True)


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
