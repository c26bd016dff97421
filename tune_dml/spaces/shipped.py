"""Where the search spaces that come with tune-dml are."""

from __future__ import annotations

from pathlib import Path

from tune_dml.errors import EnvironmentFault, SpaceError, nearest


def spaces_folder() -> Path:
    """The folder ``search_spaces``: inside the package in an installed wheel, beside it in a checkout.

    Raises:
        EnvironmentFault: the installation lacks it.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "search_spaces", package.parent / "search_spaces"):
        if (folder / "default.yaml").is_file():
            return folder
    raise EnvironmentFault("This installation of tune-dml lacks its search_spaces folder; install it again.")


def shipped_spaces() -> dict[str, Path]:
    """Every shipped space by name, ``default`` first. Files that start with ``_`` are only there to be included."""
    paths = [path for path in spaces_folder().glob("*.yaml") if not path.name.startswith("_")]
    return {path.stem: path for path in sorted(paths, key=lambda p: (p.stem != "default", p.stem))}


def space_path(name: str) -> Path:
    """The file of a shipped space.

    Raises:
        SpaceError: there is none of that name.
    """
    spaces = shipped_spaces()
    if name not in spaces:
        raise SpaceError(f"'{name}' is not a shipped search space: {nearest(name, spaces)}")
    return spaces[name]
