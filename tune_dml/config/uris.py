"""Paths as URIs, the one place where they are quoted and read: of files, and of SQLite databases for SQLAlchemy."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote

#: What SQLAlchemy does not take for a part of a path, or would lose.
_SPECIAL = re.compile(r"[%?\x00-\x1f\x7f]")
_SQLITE = re.compile(r"sqlite(?:\+pysqlite)?:///(?P<path>[^?]*)(?:\?(?P<query>.*))?", re.DOTALL)
#: Options of the driver that may follow the question mark.
SQLITE_OPTIONS = ("cached_statements", "check_same_thread", "detect_types", "isolation_level", "timeout")


def file_uri(path: str | Path) -> str:
    """``file:///...`` of a path, which is made absolute; every character but letters, digits and ``/_.-~`` quoted."""
    return Path(path).absolute().as_uri()


def uri_below(uri: str, name: str) -> str:
    """The URI of what is called ``name`` in a folder that has a ``uri``."""
    return f"{uri.rstrip('/')}/{quote(name, safe='')}"


def sqlite_uri(path: str | Path, query: str = "") -> str:
    """The URI of an SQLite file, which is made absolute, as SQLAlchemy and MLflow take it.

    Where nothing has to be quoted it is plainly ``sqlite:////...``. Else the driver is named too: of a quoted
    ``sqlite:///`` MLflow makes the folder as it is written, beside the one that is meant.

    Args:
        query: What follows the question mark, quoted already.
    """
    text = str(Path(path).absolute())
    quoted = _SPECIAL.sub(lambda found: f"%{ord(found[0]):02X}", text)
    return f"{'sqlite' if quoted == text else 'sqlite+pysqlite'}:///{quoted}" + (f"?{query}" if query else "")


def dotfile_uri(path: str | Path) -> str:
    """The URI of an SQLite file that is locked by a folder beside it, for file systems that have no locks."""
    # SQLite reads it as a URI of its own, so that it is quoted twice.
    quoted = quote(quote(str(Path(path).absolute())))
    return f"sqlite+pysqlite:///file:{quoted}?uri=true&vfs=unix-dotfile"


def sqlite_path(uri: str) -> Path | None:
    """The absolute path of the file that an SQLite URI names; ``None`` of any other URI and of a store in memory."""
    found = _SQLITE.fullmatch(uri)
    path = unquote(found["path"]) if found else ""
    return Path(path).absolute() if path.strip("/") and path != ":memory:" else None


def sqlite_query(uri: str) -> str:
    """What follows the question mark of an SQLite URI.

    Raises:
        ValueError: it is no list of the driver's options: a part of the path, more likely.
    """
    found = _SQLITE.fullmatch(uri)
    query = (found["query"] or "") if found else ""
    options = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    if any(name not in SQLITE_OPTIONS for name, _ in options):
        raise ValueError(f"no options of SQLite: {query}")
    return query
