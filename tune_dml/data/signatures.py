"""Files that are not what their name says, known by their first bytes: each with what to do about it."""

from __future__ import annotations

from pathlib import Path

from tune_dml.config.lfs import is_lfs_pointer
from tune_dml.errors import DataError

_UNPACK = "is compressed with {0}; unpack it first."
_SIGNATURES = (
    (b"\x1f\x8b", _UNPACK.format("gzip")),
    (b"BZh", _UNPACK.format("bzip2")),
    (b"\xfd7zXZ\0", _UNPACK.format("xz")),
    (b"\x28\xb5\x2f\xfd", _UNPACK.format("Zstandard")),
    (b"7z\xbc\xaf\x27\x1c", _UNPACK.format("7-Zip")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an Excel or other Office document; save it as CSV (UTF-8)."),
    (b"PAR1", "is Parquet; give it a name that ends in .parquet."),
    (b"%PDF-", "is a PDF document, not a table."),
    (b"SQLite format 3\0", "is an SQLite data base; export the table as CSV."),
)
_PAGES = (b"<!doctype html", b"<html")


def check_signature(path: Path, raw: bytes) -> None:
    """Refuse what cannot be a text file, in a sentence that says what it is.

    Raises:
        DataError: it is a Git LFS pointer, compressed, a workbook, a web page.
    """
    refuse_pointer(path)
    for signature, what in _SIGNATURES:
        if raw.startswith(signature):
            raise DataError(f"{path} {what}")
    if raw.startswith(b"PK\x03\x04"):
        # The first entries of a workbook's archive are named in its first bytes.
        workbook = b"[Content_Types].xml" in raw[:4096] or b"xl/" in raw[:4096]
        what = "is an Excel workbook; save it as CSV (UTF-8)." if workbook else _UNPACK.format("zip")
        raise DataError(f"{path} {what}")
    if raw[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGES):
        raise DataError(f"{path} is a web page (a login or error page?), not the data; download the file again.")


def refuse_pointer(path: Path) -> None:
    """Raises:
    DataError: the file is a Git LFS pointer.
    """
    if is_lfs_pointer(path):
        raise DataError(f"{path} is a Git LFS pointer, not the data; run 'git lfs pull' in its folder.")
