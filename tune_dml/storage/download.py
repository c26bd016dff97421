"""Bring a search out of a store."""

from __future__ import annotations

import shutil
from pathlib import Path

from tune_dml.storage.kept_names import checked, is_kept
from tune_dml.storage.store import CHUNK, Store


def download(store: Store, name: str, folder: Path) -> None:
    """Copy all files of a search into ``folder``, which is made.

    Raises:
        ResultsError: the store holds a file whose name leads out of the folder; nothing is written then.
        OSError: the store or the disk failed.
    """
    files = [checked(entry.name) for entry in store.entries(name)]
    for file in filter(is_kept, files):
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with store.read(f"{name}/{file}") as source, path.open("xb") as target:
            shutil.copyfileobj(source, target, CHUNK)
