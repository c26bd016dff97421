"""Texts without labels, to be classified."""

from __future__ import annotations

from pathlib import Path

from tune_dml.config import TaskSettings, absolute_path
from tune_dml.data.columns import Wanted, read_texts_only
from tune_dml.data.tables import read_table


def read_texts(path: Path, text_columns: tuple[str, ...], pairs: bool) -> list[str] | list[tuple[str, str]]:
    """The texts of a CSV, TSV, JSONL or Parquet file, in order; as pairs where ``pairs``. Nothing is dropped.

    Raises:
        DataError: the file is missing or unreadable, or lacks the text column(s).
    """
    settings = TaskSettings("this model", text_columns=text_columns)
    first, second = read_texts_only(read_table(absolute_path(path)), settings, Wanted(), "pair" if pairs else "single")
    return first if second is None else list(zip(first, second, strict=True))
