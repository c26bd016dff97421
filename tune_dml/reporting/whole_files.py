"""Result files that are either whole or not there."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tune_dml.config.file_systems import sync
from tune_dml.errors import EnvironmentFault

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary path in the folder of ``path``; what was written there takes its place when the block ends.

    If the block raises, ``path`` stays as it was and the temporary file is removed. Missing folders are made.

    Raises:
        EnvironmentFault: the file system refused (no space, no permission).
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _sync(temporary, os.O_RDWR)
        os.replace(temporary, path)
        _sync(path.parent, os.O_RDONLY)
    except OSError as error:
        raise EnvironmentFault(f"Cannot write {path}: {error.strerror or error}.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def write_text_atomic(path: str | Path, text: str) -> None:
    """Text as UTF-8, line ends as they are. Errors as for :func:`replacing`."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_csv_atomic(path: str | Path, frame: pd.DataFrame) -> None:
    """A data frame as CSV without its index. Errors as for :func:`replacing`."""
    write_text_atomic(path, frame.to_csv(index=False, lineterminator="\n"))


def write_parquet_atomic(path: str | Path, table: pa.Table) -> None:
    """An Arrow table as Parquet. Errors as for :func:`replacing`."""
    import pyarrow.parquet

    with replacing(path) as temporary:
        pyarrow.parquet.write_table(table, temporary, compression="zstd")


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)
