"""Whether an MLflow store can be used, before anything rests on it."""

from __future__ import annotations

from pathlib import Path

from tune_dml.config import sqlite_path
from tune_dml.errors import EnvironmentFault
from tune_dml.tracking.addresses import without_password
from tune_dml.tracking.database import check_database
from tune_dml.tracking.faults import lasting, reason_of
from tune_dml.tracking.mlflow_store import DATABASES, connect, http_limits
from tune_dml.tracking.sqlite_store import check_sqlite

#: That a server may take to answer.
SERVER_SECONDS = 5


def check_store(uri: str, results: Path | None = None, *, write: bool = True) -> None:
    """Refuse a store that is damaged or another MLflow's, cannot be written, does not answer, or is none.

    An SQLite store is opened without MLflow in milliseconds; what is not there yet, and is made by the first write, is
    well. A server is asked for an experiment as MLflow's own tools ask it, another database for its schema.

    Args:
        uri: As :func:`check_tracking_uri` gives it.
        results: The results folder, for the commands that mend it.
        write: Whether it is to be written, or only read.

    Raises:
        EnvironmentFault: the cause, and in a sentence of its own the cure; a ``StoreFault`` does not go away by itself.
    """
    path = sqlite_path(uri)
    if path is not None:
        check_sqlite(path, results, write)
    elif uri.startswith(("http://", "https://")):
        _check_server(uri)
    elif uri.partition(":")[0].partition("+")[0] in DATABASES:
        check_database(uri)


def _check_server(uri: str) -> None:
    try:
        with http_limits(SERVER_SECONDS):
            connect(uri).search_experiments(max_results=1)
    except Exception as error:
        raise lasting(uri, error) or EnvironmentFault(
            f"The MLflow server at {without_password(uri)} does not answer ({reason_of(error)}). Start it, or check "
            "--tracking-uri."
        ) from error
