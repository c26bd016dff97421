"""Whether an MLflow store takes what is written to it: it is opened, and left as it was."""

from __future__ import annotations

import json
import re
import sqlite3
from importlib.util import find_spec
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from tune_dml.config import sqlite_path
from tune_dml.errors import EnvironmentFault
from tune_dml.tracking.faults import reason_of
from tune_dml.tracking.store import without_password

SERVER_SECONDS = 5.0
_ASK = "/api/2.0/mlflow/experiments/search?max_results=1"


def check_store(uri: str, results: Path) -> None:
    """Refuse an SQLite store that is damaged, cannot be written, or was made by another MLflow; and a server that does
    not answer as MLflow does. A store that is not there yet, and one that another process writes, are well.

    Args:
        uri: As :func:`check_tracking_uri` gives it.
        results: The results folder.

    Raises:
        EnvironmentFault: with the cause and the cure.
    """
    if uri.startswith("sqlite:///"):
        path = sqlite_path(uri)
        if path is not None and path.exists():
            _check_file(path)
    elif uri.startswith(("http://", "https://")):
        _check_server(uri)


def _check_file(path: Path) -> None:
    address = f"file:{quote(str(path))}?mode=rw"
    try:
        connection = sqlite3.connect(address, uri=True, timeout=1.0, isolation_level=None)
        try:
            damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if damage != "ok":
                raise sqlite3.DatabaseError(str(damage))
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("CREATE TABLE tune_dml_probe (x INTEGER)")
            found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except sqlite3.Error as error:
        says = str(error)
        if "locked" in says or "busy" in says:
            return
        if "readonly" in says or "unable to open" in says:
            raise EnvironmentFault(
                f"MLflow's store {path} cannot be written ({says}). Make it writable: chmod u+w {path}, or choose "
                "another with --tracking-uri."
            ) from None
        raise EnvironmentFault(
            f"MLflow's store {path} is damaged ({says}). Move it away, and write it again from the results with "
            "'tune-dml sync'."
        ) from None
    revision, (known, head) = found[0][0] if found else "none", _revisions()
    if head is None or revision == head:
        return
    if revision in known:
        raise EnvironmentFault(
            f"MLflow's store {path} was made by an older MLflow. Upgrade it: mlflow db upgrade sqlite:///{path}"
        )
    raise EnvironmentFault(
        f"MLflow's store {path} was made by a newer MLflow than the one here. Upgrade that: pip install "
        "--upgrade mlflow"
    )


def _revisions() -> tuple[set[str], str | None]:
    """Of the schema, as far as the MLflow here knows them, and its own."""
    spec = find_spec("mlflow")
    folder = Path(str(spec.origin)).parent / "store/db_migrations/versions" if spec is not None else Path()
    known, before = set(), set()
    for file in folder.glob("*.py"):
        text = file.read_text(encoding="utf-8", errors="replace")
        known |= set(re.findall(r'^revision = ["\'](\w+)', text, re.MULTILINE))
        before |= set(re.findall(r'^down_revision = ["\'](\w+)', text, re.MULTILINE))
    heads = known - before
    return known, heads.pop() if len(heads) == 1 else None


def _check_server(uri: str) -> None:
    place = urlsplit(uri).hostname
    request = Request(without_password(uri).replace("***@", "").rstrip("/") + _ASK)
    try:
        with urlopen(request, timeout=SERVER_SECONDS) as answer:
            document = json.loads(answer.read(1_000_000))
    except HTTPError as error:
        if error.code in (401, 403):
            raise EnvironmentFault(
                f"MLflow: the server at {place} asks for a password or token. Set MLFLOW_TRACKING_USERNAME and "
                "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN."
            ) from None
        document = None
    except (URLError, OSError) as error:
        raise EnvironmentFault(
            f"MLflow: the server at {place} does not answer ({reason_of(error)}). Start it, or check --tracking-uri."
        ) from None
    except ValueError:
        document = None
    if not isinstance(document, dict) or "experiments" not in document:
        raise EnvironmentFault(
            f"MLflow: what answers at {place} is no MLflow server. Check the address in --tracking-uri."
        )
