"""Code that a file names runs only when the user names it too."""

from __future__ import annotations

from tune_dml.errors import UsageError
from tune_dml.losses import add_plugins


def allow_plugins(named: tuple[str, ...], given: tuple[str, ...], file: str) -> None:
    """Import the loss plugins that were given.

    Args:
        named: Those that ``file`` needs.

    Raises:
        UsageError: one of them was not given, or cannot be used.
    """
    missing = [place for place in named if place not in given]
    if missing:
        options = " ".join(f"--loss-plugin {place}" for place in missing)
        raise UsageError(
            f"{file} uses a loss of another package, whose code runs only when you ask for it: add {options}."
        )
    add_plugins(given)
