"""Reads one file into columns, by its suffix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tune_dml.data.decoding import decode
from tune_dml.data.delimited import read_grid
from tune_dml.data.folding import visible
from tune_dml.data.json_lines import read_jsonl
from tune_dml.data.parquet import read_parquet
from tune_dml.data.signatures import check_signature
from tune_dml.data.tables import AS_FOUND, Reading, Table
from tune_dml.errors import DataError

_CURES = {
    ".txt": " If it has columns, name it .tsv or .csv.",
    ".tab": " If it has columns, name it .tsv.",
    ".json": " Write one object a line and name it .jsonl.",
    ".ndjson": " Name it .jsonl.",
    **dict.fromkeys((".xlsx", ".xls", ".ods"), " Save the sheet as CSV."),
}
_RUNS_CODE = frozenset({".pkl", ".pickle", ".pt", ".pth", ".bin", ".npy", ".npz", ".joblib", ".dill", ".ckpt"})


def read_table(path: Path, reading: Reading = AS_FOUND) -> Table:
    """Reads CSV, TSV, JSONL or Parquet, told apart by the suffix.

    Raises:
        DataError: the file is missing, empty, broken, or of another format.
    """
    suffix = path.suffix.lower()
    if suffix in _RUNS_CODE:
        raise DataError(
            f"{path} is not read: a {suffix} file can run code when it is opened. "
            "Save the data as CSV, TSV, JSONL or Parquet."
        )
    if suffix not in READERS:
        cure = _CURES.get(suffix, "")
        raise DataError(f"{path}: '{suffix}' is not a format that is read here; it must be {', '.join(READERS)}.{cure}")
    check_file(path)
    try:
        return READERS[suffix](path, reading)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None


def check_file(path: Path) -> None:
    """Raises:
    DataError: there is no such file, or nothing in it.
    """
    try:
        if path.stat().st_size == 0:
            raise DataError(f"{path} is empty.")
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None


def _read_delimited(path: Path, reading: Reading) -> Table:
    raw = path.read_bytes()
    check_signature(path, raw)
    decoded = decode(raw, path.name, reading.encoding)
    grid = read_grid(path, decoded.text, reading.header)
    names = tuple(map(visible, grid.header))

    def column(name: str) -> list[str]:
        place = names.index(name)
        return [row[place] for row in grid.rows]

    return Table(str(path), names, column, (*decoded.notes, *grid.notes), header=reading.header)


def _read_parquet(path: Path, reading: Reading) -> Table:
    table = read_parquet(path)
    if reading.encoding is None:
        return table
    return replace(table, notes=(f"{path.name} is Parquet, which needs no --encoding; it is not used there.",))


READERS: dict[str, Callable[[Path, Reading], Table]] = {
    ".csv": _read_delimited,
    ".tsv": _read_delimited,
    ".jsonl": read_jsonl,
    ".parquet": _read_parquet,
}
