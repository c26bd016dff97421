"""The store at an address, and the searches in it."""

from __future__ import annotations

from tune_dml.storage.address import FOLDER, Address
from tune_dml.storage.folder_store import FolderStore
from tune_dml.storage.kept_names import JOURNAL_FILE, SEARCH_FILE, is_search_name
from tune_dml.storage.object_store import ObjectStore
from tune_dml.storage.store import Store


def open_store(address: Address) -> Store:
    """The store at ``address``. Nothing is asked of it yet, but for a bucket's region where none is given.

    Raises:
        OSError: the region cannot be found out.
    """
    if address.scheme == FOLDER:
        return FolderStore(address)
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
