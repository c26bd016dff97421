"""A search as it stands, from its files alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tune_dml.config import command_for
from tune_dml.errors import ResultsError
from tune_dml.reporting import SearchReport
from tune_dml.results.assembly import assemble
from tune_dml.results.folders import state_of
from tune_dml.results.search_file import read_search_file
from tune_dml.tuning.journal import Journal


def stored_report(folder: Path) -> SearchReport:
    """What the search in ``folder`` has to show.

    Raises:
        ResultsError: its files cannot be read.
    """
    about = read_search_file(folder)
    journal = Journal(folder, write=False)
    interrupted = state_of(folder) in ("interrupted", "running")
    return assemble(about, folder, journal, stored_test_labels(folder), interrupted=interrupted, seconds=0.0)


def stored_test_labels(folder: Path) -> npt.NDArray[Any] | None:
    """Of the test split, as ``predictions.parquet`` holds them; ``None`` before confirm."""
    import pyarrow.parquet as parquet

    path = folder / "predictions.parquet"
    if not path.is_file():
        return None
    try:
        columns = ["stage", "row", "label"]
        table = parquet.read_table(path, columns=columns, filters=[("stage", "=", "test")])
    except (OSError, ValueError) as error:
        raise ResultsError(
            f"{path} cannot be read ({error}); {command_for('resume', folder)} writes it again."
        ) from None
    if not table.num_rows:
        return None
    rows, labels = np.asarray(table["row"]).astype(np.int64), np.array(table["label"].to_pylist())
    result = np.zeros((int(rows.max()) + 1, *labels.shape[1:]), dtype=labels.dtype)
    result[rows] = labels
    return result
