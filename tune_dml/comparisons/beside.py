"""Files that a comparison's file names: as the command sees them, or beside that file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tune_dml.config import absolute_path
from tune_dml.data import SHIPPED
from tune_dml.errors import UsageError
from tune_dml.losses import LOSSES
from tune_dml.spaces import shipped_spaces

#: Options whose value may be the path of a file or folder.
_PATHS = ("data", "space", "encoder", "label_texts", "templates", "unlabelled")


def with_paths(options: Mapping[str, Any], file: str) -> dict[str, Any]:
    """``options``, where a path that leads nowhere from here is that of what lies beside ``file``."""
    plain = {key: str(value) if isinstance(value, Path) else value for key, value in options.items()}
    return {key: _each(key, value, partial(_beside, key, file)) for key, value in plain.items()}


def _beside(option: str, file: str, value: Any) -> Any:
    try:
        own = absolute_path(Path(file).parent / value)
        return str(own) if _is_meant(option, value, own) and not absolute_path(value).exists() else value
    except (UsageError, TypeError, ValueError, OSError):  # it is told where it is read
        return value


def wherever_called(options: Mapping[str, Any]) -> dict[str, Any]:
    """``options``, with the paths of what there is in full."""
    return {key: _each(key, value, partial(_in_full, key)) for key, value in options.items()}


def _in_full(option: str, value: Any) -> Any:
    path = absolute_path(value) if isinstance(value, str) else None
    return value if path is None or not _is_meant(option, value, path) else str(path)


def _each(option: str, value: Any, found: Callable[[Any], Any]) -> Any:
    """``value`` with what ``found`` makes of each path that it names."""
    if option not in _PATHS:
        return value
    return ",".join(map(found, parts_of(option, value))) if isinstance(value, str) else found(value)


def parts_of(option: str, value: str) -> list[str]:
    """What an option names: of several encoders each."""
    try:
        several = option == "encoder" and not absolute_path(value).exists()
    except UsageError:  # it is told where it is read
        several = False
    return [part.strip() for part in value.split(",")] if several else [value]


def _is_meant(option: str, value: str, path: Path) -> bool:
    """Whether the option's value means what is at ``path``, and not something that is known by this name."""
    if option == "space":
        return value not in {*shipped_spaces(), *LOSSES} and path.is_file()
    if option == "encoder":
        return any((path / name).is_file() for name in ("config.json", "modules.json"))
    if option == "templates":
        return value not in SHIPPED and path.is_file()
    return path.exists()
