"""Which forms of a database the installed MLflow knows, read from its files: importing it takes seconds."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

_REVISION = re.compile(r"^revision\b.*=\s*[\"'](\w+)", re.MULTILINE)
_BEFORE = re.compile(r"^down_revision\b.*=\s*[\"'](\w+)", re.MULTILINE)
_TABLE = re.compile(r"__tablename__ = [\"'](\w+)[\"']")


def installed() -> str:
    """The version of MLflow here; empty where there is none."""
    try:
        return version("mlflow")
    except PackageNotFoundError:
        return ""


@cache
def revisions() -> tuple[frozenset[str], str | None]:
    """All revisions of the schema that the MLflow here knows, and the newest, which it asks for."""
    known, before = set[str](), set[str]()
    for text in _texts("db_migrations/versions/*.py"):
        known.update(_REVISION.findall(text))
        before.update(_BEFORE.findall(text))
    heads = known - before
    return frozenset(known), heads.pop() if len(heads) == 1 else None


@cache
def tables() -> frozenset[str]:
    """Tables of the newest schema."""
    return frozenset[str]().union(*(_TABLE.findall(text) for text in _texts("*/dbmodels/models.py")))


def _texts(pattern: str) -> list[str]:
    spec = find_spec("mlflow")
    if spec is None or spec.origin is None:
        return []
    folder = Path(spec.origin).parent / "store"
    return [file.read_text(encoding="utf-8", errors="replace") for file in sorted(folder.glob(pattern))]
