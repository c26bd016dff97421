"""A store in a folder, such as a network mount."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from tune_dml.config.file_systems import sync
from tune_dml.storage.address import Address
from tune_dml.storage.store import CHUNK, Entry


class FolderStore:
    """See :class:`tune_dml.storage.store.Store`. A file is written beside its place and then moved there."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._root = Path(address.path)
        self._made = False

    def reach(self, new: bool = False) -> None:
        """See :class:`Store`."""
        os.listdir(self._root.parent if new and not self._root.exists() else self._root)

    def entries(self, under: str = "") -> list[Entry]:
        """See :class:`Store`."""
        base, found = self._root / under, []
        for folder, _, names in os.walk(base):
            for path in (Path(folder, name) for name in names):
                # A file may go while it is looked at.
                with contextlib.suppress(FileNotFoundError):
                    about = path.lstat()
                    if stat.S_ISREG(about.st_mode):
                        found.append(Entry(path.relative_to(base).as_posix(), about.st_size, about.st_mtime))
        return found

    def write(self, name: str, source: BinaryIO, size: int, moved: Callable[[], None]) -> None:
        """See :class:`Store`."""
        if not self._made:
            self._root.mkdir(exist_ok=True)
            self._made = True
        if not self._root.is_dir():
            # A mount that has gone: its folder is not made again, on this machine's own disk.
            raise FileNotFoundError(f"{self._root} is gone")
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        try:
            with temporary.open("xb") as stream:
                while size:
                    chunk = source.read(min(CHUNK, size))
                    if not chunk:
                        raise OSError(f"{path.name} became shorter while it was read")
                    stream.write(chunk)
                    size -= len(chunk)
                    moved()
                stream.flush()
                sync(stream.fileno())
            os.replace(temporary, path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()

    def read(self, name: str) -> BinaryIO:
        """See :class:`Store`."""
        return open(os.open(self._root / name, os.O_RDONLY | os.O_NOFOLLOW), "rb")

    def delete(self, name: str) -> None:
        """See :class:`Store`. Folders that become empty go too."""
        path = self._root / name
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            for parent in path.parents:
                if parent == self._root:
                    break
                parent.rmdir()
