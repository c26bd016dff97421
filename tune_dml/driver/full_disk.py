"""A disk that is full while a search writes its results."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tune_dml.config import command_for
from tune_dml.errors import EnvironmentFault

_NUMBERS = (errno.ENOSPC, errno.EDQUOT)
#: As libraries quote the system, Ray Tune as a part of a traceback.
_WORDS = ("No space left on device", "Disk quota exceeded")


@contextmanager
def full_disk_explained(folder: Path) -> Iterator[None]:
    """Say so if the block fails because the disk that holds a search's ``folder`` is full.

    Raises:
        EnvironmentFault: instead of whatever was raised.
    """
    try:
        yield
    except Exception as error:
        if getattr(error, "errno", None) not in _NUMBERS and not any(words in str(error) for words in _WORDS):
            raise
        raise EnvironmentFault(
            f"The disk that holds {folder} is full. Nothing that was done is lost: make room there, and go on with "
            f"{command_for('resume', folder)}."
        ) from error
