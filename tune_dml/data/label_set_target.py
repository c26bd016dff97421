"""What is to be learnt where an example has any number of labels: int64 ``[n, labels]``, 1 for those that it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tune_dml.data.doubts import check_size
from tune_dml.data.kind import Code, Rows, Target
from tune_dml.data.label_set_metrics import BINARY_LOG_LOSS, MICRO_F1, decided
from tune_dml.data.label_sets import label_set_code, written
from tune_dml.data.labels import UNKNOWN
from tune_dml.data.metric import Targets
from tune_dml.data.task import Split
from tune_dml.errors import DataError


def _check_pool(pool: Split, code: Code, where: str, notes: Sequence[str]) -> None:
    check_size(pool, where, notes)
    if (pool.labels == pool.labels[0]).all():
        raise DataError(
            f"{where}: every training text has the same labels ({_shown(pool.labels[0], code.names)}). Is it the right "
            f"label column? {' '.join(notes)}".rstrip()
        )


def _shown(labels: Targets, names: Sequence[str]) -> str:
    return ", ".join(names[int(i)] for i in np.flatnonzero(labels > 0)) or "none"


def _present(pool: Targets) -> tuple[Rows, Callable[[Targets], Targets]]:
    kept = np.flatnonzero((pool > 0).any(axis=0)).astype(np.int64)
    gone = np.setdiff1d(np.arange(pool.shape[1]), kept)

    def narrowed(targets: Targets) -> Targets:
        lost = np.any(targets[:, gone] > 0, axis=1, keepdims=True)
        return np.where(lost, UNKNOWN, targets[:, kept])

    return kept, narrowed


def _strata(targets: Targets) -> Rows:
    """Each text counts for the rarest label that it has; those without any are a stratum of their own."""
    frequency = np.where(targets > 0, targets.sum(axis=0), len(targets) + 1)
    rarest = np.where((targets > 0).any(axis=1), frequency.argmin(axis=1), targets.shape[1])
    return np.unique(rarest, return_inverse=True)[1].astype(np.int64)


def _counts(targets: Targets, names: Sequence[str]) -> dict[str, int]:
    return {name: int(count) for name, count in zip(names, targets.sum(axis=0), strict=True)}


def _named(targets: Targets, names: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(names[int(i)] for i in np.flatnonzero(row > 0)) for row in targets]


def _made_up(n: int, distinct: int, outputs: int) -> Targets:
    return np.asarray(np.arange(n)[:, None] % distinct == np.arange(outputs)[None, :], dtype=np.int64)


LABEL_SETS = Target(
    metrics=(MICRO_F1, BINARY_LOG_LOSS),
    readouts=("one_vs_rest", "one_vs_rest:C=1", "one_vs_rest:C=100", "sigmoid_head"),
    trained_readout="one_vs_rest",
    objective="binary_cross_entropy",
    losses=("ce",),
    code=label_set_code,
    written=written,
    in_columns=True,
    unknown=lambda targets: (targets == UNKNOWN).any(axis=1),
    unseen=lambda code, label: code.unseen(label),
    check_pool=_check_pool,
    narrowed=_present,
    strata=_strata,
    counts=_counts,
    named=_named,
    decided=decided,
    made_up=_made_up,
)
