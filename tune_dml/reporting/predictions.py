"""The class probabilities of every trial, round and confirm seed as one long table, for later statistics."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tune_dml.config import ConfirmRun, Probabilities, TrialRecord
from tune_dml.errors import ResultsError
from tune_dml.reporting.whole_files import write_parquet_atomic

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class _Block:
    """Predictions that share everything but the row."""

    stage: str
    record: TrialRecord
    seed_or_round: int
    readout: str
    rows: npt.NDArray[np.int64]
    labels: npt.NDArray[Any]
    probabilities: Probabilities


def predictions_table(
    records: Iterable[TrialRecord],
    confirm_runs: Iterable[ConfirmRun],
    labels: npt.ArrayLike,
    test_labels: npt.ArrayLike | None,
    label_names: Sequence[str],
) -> pa.Table:
    """One line per prediction.

    Columns: ``stage`` (``cv`` or ``test``), ``kind``, ``trial`` (null for baselines), ``name``, ``loss``,
    ``seed_or_round``, ``readout``, ``row`` (position in the draw, or in the test split), ``label``, and ``p_0`` to
    ``p_{classes - 1}`` (float32). The schema's metadata holds the class names as JSON under ``label_names``.

    Args:
        labels: Targets of the draw.
        test_labels: Of the test split; may be ``None`` if there are no confirm runs.

    Raises:
        ResultsError: a confirm run belongs to no record.
    """
    import pyarrow as pa

    by_name = {r.name: r for r in records}
    blocks = [
        *_out_of_fold(by_name.values(), np.asarray(labels)),
        *_test(confirm_runs, by_name, np.asarray([] if test_labels is None else test_labels)),
    ]
    sizes = [len(block.rows) for block in blocks]

    def text(values: list[str]) -> pa.Array:
        distinct = sorted(set(values))
        codes = np.repeat(np.array([distinct.index(v) for v in values], dtype=np.int32), sizes)
        return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(distinct, type=pa.string()))

    trials = np.repeat(np.array([b.record.number for b in blocks], dtype=np.int32), sizes)
    is_baseline = np.repeat(np.array([b.record.kind == "baseline" for b in blocks], dtype=bool), sizes)
    columns = {
        "stage": text([b.stage for b in blocks]),
        "kind": text([b.record.kind for b in blocks]),
        "trial": pa.array(trials, mask=is_baseline),
        "name": text([b.record.name for b in blocks]),
        "loss": text([b.record.loss for b in blocks]),
        "seed_or_round": pa.array(np.repeat(np.array([b.seed_or_round for b in blocks], dtype=np.int32), sizes)),
        "readout": text([b.readout for b in blocks]),
        "row": pa.array(_joined([b.rows for b in blocks])),
        "label": _labels([b.labels for b in blocks]),
    }
    for c in range(len(label_names)):
        parts = [np.asarray(b.probabilities[:, c], dtype=np.float32) for b in blocks]
        columns[f"p_{c}"] = pa.array(np.concatenate(parts) if parts else np.empty(0, dtype=np.float32))
    return pa.table(columns).replace_schema_metadata({"label_names": json.dumps(list(label_names))})


def write_predictions(
    path: str | Path,
    records: Iterable[TrialRecord],
    confirm_runs: Iterable[ConfirmRun],
    labels: npt.ArrayLike,
    test_labels: npt.ArrayLike | None,
    label_names: Sequence[str],
) -> None:
    """:func:`predictions_table` as a Parquet file, written atomically.

    Raises:
        ResultsError: a confirm run belongs to no record.
        EnvironmentFault: the file system refused.
    """
    write_parquet_atomic(path, predictions_table(records, confirm_runs, labels, test_labels, label_names))


def _out_of_fold(records: Iterable[TrialRecord], labels: npt.NDArray[Any]) -> Iterator[_Block]:
    for record in records:
        for done in record.rounds:
            rows = np.asarray(done.rows, dtype=np.int64)
            for readout, probabilities in done.probabilities.items():
                yield _Block("cv", record, done.number, readout, rows, labels[rows], probabilities)


def _test(runs: Iterable[ConfirmRun], by_name: dict[str, TrialRecord], labels: npt.NDArray[Any]) -> Iterator[_Block]:
    rows = np.arange(len(labels), dtype=np.int64)
    for run in runs:
        if run.candidate not in by_name:
            raise ResultsError(f"The confirm run '{run.candidate}' belongs to no trial or baseline of this search.")
        for readout, probabilities in run.probabilities.items():
            yield _Block("test", by_name[run.candidate], run.seed, readout, rows, labels, probabilities)


def _labels(parts: list[npt.NDArray[Any]]) -> pa.Array:
    """A class or a number of each row, or a list of what it has."""
    import pyarrow as pa

    if all(part.ndim == 1 and np.issubdtype(part.dtype, np.integer) for part in parts):
        return pa.array(_joined(parts))
    if all(part.ndim == 1 for part in parts):
        return pa.array(np.concatenate(parts))
    return pa.array([row.tolist() for part in parts for row in part])


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[np.int32]:
    return np.concatenate(parts).astype(np.int32) if parts else np.empty(0, dtype=np.int32)
