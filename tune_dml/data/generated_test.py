"""The test split of a task that comes without one."""

from __future__ import annotations

import numpy as np

from tune_dml.data.allocation import assign_groups
from tune_dml.data.folds import stratified_rows
from tune_dml.data.kind import Target
from tune_dml.data.task import Split
from tune_dml.errors import DataError

#: A generated test split: one text in five, but no more than this.
TEST_SHARE = 0.2
TEST_LIMIT = 2_000
_TEST_SEED = (0x7E57,)


def generated_test(pool: Split, target: Target, where: str) -> tuple[Split, Split]:
    """The training pool without it, and the test split: fixed, seeded and stratified.

    Raises:
        DataError: there are too few texts, or groups.
    """
    strata = target.strata(pool.labels)
    total = min(TEST_LIMIT, max(1, round(TEST_SHARE * len(pool))))
    if pool.groups is None:
        rows = stratified_rows(strata, total, _TEST_SEED)
    else:
        parts = max(2, -(-len(pool) // total))
        part = assign_groups(strata, pool.groups, parts, _TEST_SEED)
        sizes = np.bincount(part[part >= 0], minlength=parts)
        fitting = np.where(sizes <= TEST_LIMIT, sizes, 0)
        # One text in five, but groups come whole: the part that is nearest to it.
        rows = np.flatnonzero(part == int(np.abs(fitting - total).argmin())) if fitting.any() else np.empty(0, np.int64)
    if not len(rows):
        raise DataError(f"{where} is too small, or its groups too large, for a test split; use --no-test.")
    return pool.take(np.setdiff1d(np.arange(len(pool)), rows)), pool.take(rows)
