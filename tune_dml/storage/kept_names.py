"""Which files of a search's folder are kept in a store, and which names out of a store are taken."""

from __future__ import annotations

from pathlib import PurePosixPath

from tune_dml.config.slugs import stays
from tune_dml.errors import ResultsError

SEARCH_FILE = "search.yaml"
JOURNAL_FILE = "study.log"
_SCRATCH = "ray"
#: Bytes in UTF-8: temporary files beside a search have its name with more before and behind it.
_LONGEST = 200


def is_kept(name: str) -> bool:
    """Whether a file, by its path below the search's folder, is a result: no scratch, no lock, no temporary."""
    parts = PurePosixPath(name).parts
    return parts[0] != _SCRATCH and not name.endswith(".lock") and not any(part.startswith(".") for part in parts)


def is_search_name(name: str) -> bool:
    """Whether a folder of a store may be a search's: such names stay inside the results folder."""
    return name[:1] not in ("", ".", "-") and all(map(stays, name)) and len(name.encode()) <= _LONGEST


def checked(name: str) -> str:
    """A file's path out of a store, if it stays inside the folder that it is brought into.

    Raises:
        ResultsError: it might not.
    """
    if any(part in ("", ".", "..") for part in name.split("/")) or "\\" in name or not name.isprintable():
        raise ResultsError(
            f"The store holds a file with a name that no search has ({name[:80]!r}); nothing is brought."
        )
    return name
