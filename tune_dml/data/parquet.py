"""Parquet files, and the class names that their metadata hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tune_dml.data.decoding import without_controls
from tune_dml.data.signatures import refuse_pointer
from tune_dml.data.tables import Table
from tune_dml.errors import DataError, first_line


def read_parquet(path: Path) -> Table:
    """Raises:
    DataError: it is no Parquet file, or a damaged one.
    """
    import pyarrow
    import pyarrow.parquet

    refuse_pointer(path)
    # Damage shows in the metadata, in the pages or in the values, and raises whatever its reader meets first.
    damage = (pyarrow.ArrowException, ValueError, OverflowError, RuntimeError)
    try:
        table = pyarrow.parquet.read_table(path)
        names = tuple(table.column_names)
        metadata = dict(table.schema.metadata or {})
    except damage as error:
        raise DataError(f"{path} is not a Parquet file that can be read ({first_line(error)}).") from None

    def column(name: str) -> list[Any]:
        try:
            cells = table.column(name).to_pylist()
        except damage as error:
            raise DataError(f"{path}: the column '{name}' cannot be read ({first_line(error)}).") from None
        return [without_controls(cell)[0] if isinstance(cell, str) else cell for cell in cells]

    return Table(str(path), names, column, class_names=_class_names(metadata.get(b"huggingface", b"")))


def _class_names(metadata: bytes) -> Mapping[str, tuple[str, ...]]:
    """By column, the names of a ``ClassLabel`` as ``datasets`` writes them; nothing where there are none to be read."""
    try:
        features = json.loads(metadata)["info"]["features"]
        # Of a column of lists, those of what is in them.
        own = {name: about.get("feature", about) for name, about in features.items()}
        found = {name: about["names"] for name, about in own.items() if "names" in about}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {
        name: tuple(names)
        for name, names in found.items()
        if isinstance(names, list) and names and all(isinstance(each, str) and each.strip() for each in names)
    }
