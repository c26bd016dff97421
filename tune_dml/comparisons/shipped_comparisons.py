"""Where the comparisons that come with tune-dml are."""

from __future__ import annotations

from pathlib import Path

from tune_dml.errors import UsageError, nearest
from tune_dml.spaces import spaces_folder


def shipped_comparisons() -> dict[str, Path]:
    """By name."""
    return {path.stem: path for path in sorted((spaces_folder() / "compare").glob("*.yaml"))}


def comparison_path(name_or_path: str) -> Path:
    """The file of a shipped comparison, or the one that is named.

    Raises:
        UsageError: there is neither.
    """
    shipped = shipped_comparisons()
    path = shipped.get(name_or_path) or Path(name_or_path)
    if not path.is_file():
        raise UsageError(
            f"There is no shipped comparison and no file '{name_or_path}': {nearest(name_or_path, shipped)}"
        )
    return path
