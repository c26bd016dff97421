"""Files that a comparison's file names: as the command sees them, or beside that file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tune_dml.config import absolute_path
from tune_dml.errors import UsageError
from tune_dml.losses import LOSSES
from tune_dml.spaces import shipped_spaces

#: Options whose value may be the path of a file or folder.
_PATHS = ("data", "space", "encoder", "label_texts")


def with_paths(options: Mapping[str, Any], file: str) -> dict[str, Any]:
    """``options``, where a path that leads nowhere from here is that of what lies beside ``file``."""
    plain = {key: str(value) if isinstance(value, Path) else value for key, value in options.items()}
    return {key: _beside(key, value, file) if key in _PATHS else value for key, value in plain.items()}


def _beside(option: str, value: Any, file: str) -> Any:
    try:
        own = absolute_path(Path(file).parent / value)
        return str(own) if _is_meant(option, value, own) and not absolute_path(value).exists() else value
    except (UsageError, TypeError, ValueError, OSError):  # it is told where it is read
        return value


def wherever_called(options: Mapping[str, Any]) -> dict[str, Any]:
    """``options``, with the paths of what there is in full."""
    return {key: _in_full(key, value) if key in _PATHS else value for key, value in options.items()}


def _in_full(option: str, value: Any) -> Any:
    path = absolute_path(value) if isinstance(value, str) else None
    return value if path is None or not _is_meant(option, value, path) else str(path)


def _is_meant(option: str, value: str, path: Path) -> bool:
    """Whether the option's value means what is at ``path``, and not something that is known by this name."""
    if option == "space":
        return value not in {*shipped_spaces(), *LOSSES} and path.is_file()
    if option == "encoder":
        return any((path / name).is_file() for name in ("config.json", "modules.json"))
    return path.exists()
