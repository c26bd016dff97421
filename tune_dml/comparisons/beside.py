"""Files that a comparison's file names: as the command sees them, or beside that file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tune_dml.config import absolute_path
from tune_dml.errors import UsageError

#: Options whose value may be the path of a file or folder.
_PATHS = ("data", "space", "encoder")


def with_paths(options: Mapping[str, Any], file: str) -> dict[str, Any]:
    """``options``, where a path that leads nowhere from here is that of what lies beside ``file``."""
    plain = {key: str(value) if isinstance(value, Path) else value for key, value in options.items()}
    return {key: _beside(value, file) if key in _PATHS else value for key, value in plain.items()}


def _beside(value: Any, file: str) -> Any:
    try:
        own = absolute_path(Path(file).parent / value)
        return str(own) if own.exists() and not absolute_path(value).exists() else value
    except (UsageError, TypeError, ValueError, OSError):  # it is told where it is read
        return value


def wherever_called(options: Mapping[str, Any]) -> dict[str, Any]:
    """``options``, with the paths of what there is in full."""
    return {key: _in_full(value) if key in _PATHS else value for key, value in options.items()}


def _in_full(value: Any) -> Any:
    path = absolute_path(value) if isinstance(value, str) else None
    return value if path is None or not path.exists() else str(path)
