"""Git LFS pointers: what stands in a cloned folder in place of a large file that was not fetched."""

from __future__ import annotations

from pathlib import Path


def is_lfs_pointer(path: Path) -> bool:
    """Whether the file is a Git LFS pointer.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(64).startswith(b"version https://git-lfs")
