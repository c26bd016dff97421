"""Results that were moved or copied: the embedded store's locations follow the folder that the store is in.

The only file that touches MLflow's own tables.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from tune_dml.config import file_uri
from tune_dml.config.file_systems import has_record_locks
from tune_dml.errors import EnvironmentFault
from tune_dml.tracking import names

#: Schemas, of the versions of MLflow that tune-dml takes, whose locations are the ones below.
KNOWN = frozenset(
    (
        "c3d6457b6d8a",
        "a5b4c3d2e1f0",
        "ae8bbe7743c9",
        "7d34483879f0",
        "da6fb0208061",
        "89d3d66ed43f",
        "b7e4c1a90f23",
        "a8b9c0d1e2f3",
        "c1d2e3f4a5b6",
        "c3d9e7f1a2b4",
        "6f8d9c3b2a1e",
        "1971f2d9a75b",
        "17e22815139b",
        "b7e2c1a4d9f3",
        "75868b020152",
        "dc11669786a5",
    )
)
#: Where a schema has locations, and which rows of the table hold one.
LOCATIONS = (
    ("experiments", "artifact_location", ""),
    ("runs", "artifact_uri", ""),
    ("model_versions", "source", ""),
    ("model_versions", "storage_location", ""),
    ("logged_models", "artifact_location", ""),
    ("trace_tags", "value", " AND key = 'mlflow.artifactLocation'"),
)
ARTIFACTS = "mlartifacts"
_LOCK_SECONDS = 20.0


def follow(results: Path) -> str | None:
    """Make the locations in the embedded store be those of the results folder that it is in now.

    Only what was inside of the former folder is changed, all of it in one transaction, and nothing where that folder is
    this one, reached another way, or where it still has files that are not here.

    Args:
        results: The results folder; its store need not be there.

    Returns:
        A sentence for the user, if something was changed, or should be and cannot.

    Raises:
        EnvironmentFault: another process writes to the store all the time.
    """
    results = Path(results).absolute()
    store = results / "mlflow.db"
    if not store.is_file() or not os.access(store, os.W_OK):
        return None
    # As MLflow opens it there: see lockable_uri.
    lock = "" if has_record_locks(results) else "&vfs=unix-dotfile"
    address, former = f"{store.as_uri()}?mode=rw{lock}", list[Path]()
    try:
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=_LOCK_SECONDS)) as opened:
            opened.isolation_level = None
            # Reading first: nearly always there is nothing to do, and nobody has to wait.
            if not (former := list(_former(opened, results))):
                return None
            if (revision := _revision(opened)) not in KNOWN:
                return (
                    f"The results were moved from {former[0].parent}, but this tune-dml does not know how this MLflow "
                    f"keeps locations (schema {revision}): files of older runs are looked for there. Move the folder "
                    "back, or upgrade tune-dml."
                )
            opened.execute("BEGIN IMMEDIATE")
            try:
                # Another process may have done it meanwhile.
                changed = sum(_rewrite(opened, old, results) for old in _former(opened, results))
                opened.execute("COMMIT")
            except BaseException:
                opened.execute("ROLLBACK")
                raise
    except (sqlite3.Error, OSError) as error:
        if not former or "locked" not in str(error):
            return None  # Whoever opens it for MLflow says more.
        raise EnvironmentFault(
            f"MLflow's store {store} is held by another process, so that its locations cannot follow the results, "
            "which were moved. Run the command again when that has ended."
        ) from None
    if not changed:
        return None
    return (
        f"The results were moved from {former[0].parent} to {results}; MLflow's store looks for their files here now."
    )


def _former(opened: sqlite3.Connection, results: Path) -> Iterator[Path]:
    """Folders of artifacts of other places at which searches of these results were, by the experiments' locations."""
    here = results / ARTIFACTS
    rows = opened.execute(
        "SELECT DISTINCT artifact_location FROM experiments WHERE name LIKE ?", (f"{names.PREFIX}%",)
    ).fetchall()
    roots = {path.parent for (location,) in rows if (path := _local(location)) and path.parent.name == ARTIFACTS}
    for root in sorted(roots - {here}):
        if not _same(root, here) and not _same(root.parent, results) and _were_here(opened, root, results):
            yield root


def _were_here(opened: sqlite3.Connection, root: Path, results: Path) -> bool:
    """Whether runs with artifacts below ``root`` are of searches of these results, and not of another folder's that
    wrote to this store."""
    ours = set()
    for file in (results / "searches").glob("*/mlflow.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            ours.add(str(json.loads(file.read_text(encoding="utf-8"))["search_id"]))
    rows = opened.execute(
        "SELECT runs.artifact_uri, tags.value FROM runs JOIN tags ON tags.run_uuid = runs.run_uuid WHERE tags.key = ?",
        (names.SEARCH_ID,),
    )
    for location, search_id in rows:
        path = _local(location)
        if path is not None and path.is_relative_to(root):
            there = results / ARTIFACTS / path.relative_to(root)
            if search_id in ours or there.is_dir():
                return True
    return False


def _rewrite(opened: sqlite3.Connection, root: Path, results: Path) -> int:
    """Give every location below ``root`` the same place below the results. Returns how many were changed."""
    here, changed = results / ARTIFACTS, 0
    there = {str(row[0]) for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table, column, which in LOCATIONS:
        if table not in there:
            continue
        rows = opened.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL{which}").fetchall()
        for (location,) in rows:
            path = _local(location)
            if path is None or not path.is_relative_to(root):
                continue
            now = here / path.relative_to(root)
            if table != "experiments" and path.exists() and not now.exists():
                continue  # Its files were left there.
            text = file_uri(now) if str(location).startswith("file:") else str(now)
            opened.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?{which}", (text, location))
            changed += 1
    return changed


def _revision(opened: sqlite3.Connection) -> str:
    rows = opened.execute("SELECT version_num FROM alembic_version").fetchall()
    return str(rows[0][0]) if rows else ""


def _local(location: object) -> Path | None:
    """The absolute path that a location names, if it is one of this machine's."""
    text = str(location or "")
    if text.startswith("file://"):
        text = unquote(text.removeprefix("file://"))
    return Path(text) if text.startswith("/") else None


def _same(one: Path, other: Path) -> bool:
    """Whether both are there and are one folder, which has been mounted twice or is reached through a link."""
    try:
        return one.samefile(other)
    except OSError:
        return False
