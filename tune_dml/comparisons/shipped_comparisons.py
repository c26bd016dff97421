"""Where the comparisons that come with tune-dml are."""

from __future__ import annotations

from pathlib import Path

from tune_dml.config import absolute_path
from tune_dml.errors import UsageError, nearest
from tune_dml.spaces import spaces_folder


def shipped_comparisons() -> dict[str, Path]:
    """By name."""
    return {path.stem: path for path in sorted((spaces_folder() / "compare").glob("*.yaml"))}


def comparison_path(name_or_path: str, results: str) -> Path:
    """The file of a shipped comparison, the one that is named, or that of a comparison in ``results``.

    Raises:
        UsageError: there is none of these.
    """
    shipped = shipped_comparisons()
    own = absolute_path(results) / "comparisons" / name_or_path / "comparison.yaml"
    for path in (shipped.get(name_or_path), Path(name_or_path), Path(name_or_path) / own.name, own):
        if path is not None and path.is_file():
            return path
    if Path(name_or_path).is_dir():
        raise UsageError(f"{name_or_path} is a folder without a comparison.yaml; give a comparison's file.")
    raise UsageError(f"There is no shipped comparison and no file '{name_or_path}': {nearest(name_or_path, shipped)}")
