"""What is to be learnt where every example has a number: float64 ``[n]``. Models give ``[n, 1]``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tune_dml.data.doubts import check_size
from tune_dml.data.kind import Code, Rows, Target
from tune_dml.data.metric import Targets
from tune_dml.data.number_metrics import PEARSON, RMSE, SPEARMAN
from tune_dml.data.numbers import number_code
from tune_dml.data.task import Split
from tune_dml.errors import DataError

#: Equal parts of the texts, by their number: what draws, folds and batches spread out, and metric losses tell apart.
BINS = 5


def bins(targets: Targets) -> Rows:
    """The part that each is in, from 0 on; equal numbers are in the same one."""
    edges = np.unique(np.quantile(targets, np.linspace(0, 1, min(BINS, len(targets)) + 1)[1:-1]))
    return np.unique(np.searchsorted(edges, targets, side="left"), return_inverse=True)[1].astype(np.int64)


def _check_pool(pool: Split, code: Code, where: str, notes: Sequence[str]) -> None:
    check_size(pool, where, notes)
    if (pool.labels == pool.labels[0]).all():
        raise DataError(
            f"{where}: every training text has the number {pool.labels[0]:g}: there is nothing to be learnt. Is it the "
            f"right label column? {' '.join(notes)}".rstrip()
        )


def _counts(targets: Targets, names: Sequence[str]) -> dict[str, int]:
    """How many lie in each part, by its ends."""
    parts = bins(targets)
    inside = [targets[parts == part] for part in range(int(parts.max()) + 1)]
    return {f"{names[0]} {each.min():g} to {each.max():g}": len(each) for each in inside}


def _named(targets: Targets, names: Sequence[str]) -> list[float]:
    return [float(f"{each:.6g}") for each in targets]


NUMBERS = Target(
    metrics=(SPEARMAN, PEARSON, RMSE),
    readouts=("ridge", "number_head"),
    trained_readout="ridge",
    objective="regression",
    head_loss="mse",
    code=number_code,
    unknown=lambda targets: np.zeros(len(targets), dtype=np.bool_),
    check_pool=_check_pool,
    narrowed=lambda pool: (np.zeros(1, dtype=np.int64), lambda targets: targets),
    strata=bins,
    counts=_counts,
    named=_named,
    decided=lambda outputs: outputs[:, 0],
    made_up=lambda n, distinct, outputs: (np.arange(n) % distinct).astype(np.float64),
    label_columns=("label", "score", "similarity_score", "rating"),
    sure=False,
    dtype=np.float64,
)
#: Of pairs, whose cosine may say it.
PAIRED_NUMBERS = replace(NUMBERS, readouts=("similarity", "ridge", "number_head"), trained_readout="similarity")
