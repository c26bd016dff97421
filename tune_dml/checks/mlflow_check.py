"""The part of ``tune-dml doctor`` that asks MLflow, and opens and writes its store."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tune_dml.checks.encoder_check import check_of
from tune_dml.config import sqlite_path
from tune_dml.errors import TuneDMLError
from tune_dml.execution.preflight import Check
from tune_dml.tracking import check_store, check_tracking_uri, embedded_uri, without_password


def check_tracking(uri: str | None, results: Path) -> Check:
    """Whether MLflow takes what a search writes: a server is asked, a store is opened and written (and left as it was).

    Args:
        uri: ``None`` is the store in the ``results`` folder.
    """
    try:
        with leaving_no_folders(uri):
            checked = embedded_uri(results) if uri is None else check_tracking_uri(uri)
            check_store(checked, results)
    except TuneDMLError as error:
        check = check_of(error)
        named = check.says.startswith(("MLflow", "--tracking-uri"))
        return check if named else Check(f"MLflow: {check.says[0].lower()}{check.says[1:]}", check.mend)
    if uri is None:
        there = (results / "mlflow.db").exists()
        return Check("MLflow: its store is in the results folder" + (", and can be read and written" if there else ""))
    parts = urlsplit(without_password(checked))
    if parts.scheme in ("http", "https"):
        return Check(f"MLflow: the server at {parts.hostname} answers")
    return Check(f"MLflow: {parts.scheme or checked} store")


@contextmanager
def leaving_no_folders(uri: str | None) -> Iterator[None]:
    """Looking at an SQLite store that is yet to be made makes the folder that it will be in."""
    path = None if uri is None else sqlite_path(uri)
    new = [] if path is None else [folder for folder in path.parents if not folder.exists()]
    try:
        yield
    finally:
        for folder in new:
            with contextlib.suppress(OSError):
                folder.rmdir()
