"""A store: files under names with slashes, each of which is whole or not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from tune_dml.storage.address import Address

#: Bytes that are read at a time.
CHUNK = 1 << 22


@dataclass(frozen=True)
class Entry:
    """A file in a store.

    Attributes:
        name: Below what was listed, parts joined by slashes.
        modified: Seconds since the epoch; ``None`` where it is not known.
    """

    name: str
    size: int
    modified: float | None


class Store(Protocol):
    """What object stores and folders have in common. Every method may raise ``OSError``."""

    @property
    def address(self) -> Address: ...

    def reach(self, new: bool = False) -> None:
        """See that the store is there.

        Args:
            new: Whether a folder may be missing: the first file makes it. Its parent must be there, or else a mount
                may be missing.

        Raises:
            OSError: it is not.
        """

    def entries(self, under: str = "") -> list[Entry]:
        """All files below a folder, at any depth; none if there is no such folder. Links are left out."""

    def write(self, name: str, source: BinaryIO, size: int, moved: Callable[[], None]) -> None:
        """Write ``size`` bytes of ``source``: all of them, or the file stays as it was.

        Args:
            moved: Called whenever a part has been written.
        """

    def read(self, name: str) -> BinaryIO:
        """Open a file."""

    def delete(self, name: str) -> None:
        """Remove a file, if it is there."""
