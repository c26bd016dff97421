"""A store: files under names with slashes, each of which is whole or not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from tune_dml.storage.address import FOLDER, Address
from tune_dml.storage.names import JOURNAL_FILE, SEARCH_FILE, is_search_name

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


def open_store(address: Address) -> Store:
    """The store at ``address``. Nothing is asked of it yet, but for a bucket's region where none is given.

    Raises:
        OSError: the region cannot be found out.
    """
    if address.scheme == FOLDER:
        from tune_dml.storage.folder_store import FolderStore

        return FolderStore(address)
    from tune_dml.storage.object_store import ObjectStore

    return ObjectStore(address)


def names_in(store: Store) -> set[str]:
    """Names that are taken in a store."""
    return {top for entry in store.entries() if is_search_name(top := entry.name.partition("/")[0])}


def searches_in(store: Store) -> dict[str, float | None]:
    """Names of the searches in a store, in order, and when each was last written to (seconds since the epoch)."""
    modified = {entry.name: entry.modified for entry in store.entries()}
    names = sorted(folder for name in modified if (folder := name.removesuffix(f"/{SEARCH_FILE}")) != name)
    return {
        name: modified.get(f"{name}/{JOURNAL_FILE}", modified[f"{name}/{SEARCH_FILE}"])
        for name in names
        if is_search_name(name)
    }
