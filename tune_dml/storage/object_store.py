"""A store in a bucket, through Arrow's file systems. An object is there once all of it has been sent."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any, BinaryIO, cast

from tune_dml.storage.address import Address
from tune_dml.storage.store import CHUNK, Entry

#: Seconds after which a request is given up; Arrow's own limit for gs is 15 minutes.
PATIENCE = 20.0
#: Chunks that may wait to be sent: Arrow would keep a whole model in memory.
_WAITING = 8


class ObjectStore:
    """See :class:`tune_dml.storage.store.Store`.

    Raises:
        OSError: the region of an S3 bucket cannot be found out.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._files: Any = _file_system(address)

    def reach(self, new: bool = False) -> None:
        """See :class:`Store`. Buckets are never made."""
        from pyarrow.fs import FileType

        bucket = self.address.path.partition("/")[0]
        try:
            there = self._files.get_file_info(bucket).type != FileType.NotFound
        except OSError:
            # Who may use a prefix alone is not told about the bucket.
            self.entries()
            return
        if not there:
            raise FileNotFoundError(f"there is no bucket '{bucket}'")

    def entries(self, under: str = "") -> list[Entry]:
        """See :class:`Store`."""
        from pyarrow.fs import FileSelector, FileType

        base = self._path(under)
        found = self._files.get_file_info(FileSelector(base, recursive=True, allow_not_found=True))
        return [
            Entry(info.path[len(base) + 1 :], info.size, None if info.mtime is None else info.mtime.timestamp())
            for info in found
            if info.type == FileType.File
        ]

    def write(self, name: str, source: BinaryIO, size: int, moved: Callable[[], None]) -> None:
        """See :class:`Store`."""
        path = self._path(name)
        # Closing a stream puts the object in its place, unless a part that was sent in the background has failed (a
        # stream without background writes would forget the failure): so all else must be known to be well before.
        chunk = _read(source, min(CHUNK, size))
        stream = self._files.open_output_stream(path)
        try:
            stream.write(chunk)
            left, number = size - len(chunk), 1
            while left:
                if number % _WAITING == 0:
                    stream.flush()
                try:
                    chunk = _read(source, min(CHUNK, left))
                except OSError:
                    stream.close()
                    self.delete(name)
                    raise
                stream.write(chunk)
                left, number = left - len(chunk), number + 1
                moved()
        finally:
            stream.close()
        moved()

    def read(self, name: str) -> BinaryIO:
        """See :class:`Store`."""
        return cast(BinaryIO, self._files.open_input_stream(self._path(name)))

    def delete(self, name: str) -> None:
        """See :class:`Store`."""
        with contextlib.suppress(FileNotFoundError):
            self._files.delete_file(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self.address.path}/{name}".rstrip("/")


def _read(source: BinaryIO, size: int) -> bytes:
    chunk = source.read(size)
    if len(chunk) != size:
        raise OSError("a file became shorter while it was read")
    return chunk


def _file_system(address: Address) -> Any:
    from pyarrow import fs

    options = dict(address.options)
    if address.scheme == "gs":
        limit = timedelta(seconds=PATIENCE)
        return fs.GcsFileSystem(anonymous=address.anonymous, retry_time_limit=limit, **options)
    if "region" not in options and "endpoint_override" not in options:
        options["region"] = fs.resolve_s3_region(address.path.partition("/")[0])
    return fs.S3FileSystem(connect_timeout=PATIENCE / 4, request_timeout=PATIENCE, **options)
