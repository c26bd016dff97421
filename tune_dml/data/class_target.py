"""What is to be learnt where every example has one class: int64 ``[n]``, 0 to classes - 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tune_dml.data.balance import has_majority
from tune_dml.data.class_metrics import ACCURACY, LOG_LOSS, MACRO_F1
from tune_dml.data.classes import class_code
from tune_dml.data.doubts import check_pool
from tune_dml.data.kind import Rows, Target
from tune_dml.data.labels import UNKNOWN
from tune_dml.data.metric import Outputs, Targets
from tune_dml.data.task import per_class
from tune_dml.recipe import READOUTS


def _present(pool: Targets) -> tuple[Rows, Callable[[Targets], Targets]]:
    present = np.unique(pool)
    index = np.full(int(present.max()) + 1, UNKNOWN, dtype=np.int64)
    index[present] = np.arange(len(present))

    def renumbered(targets: Targets) -> Targets:
        found = np.full(len(targets), UNKNOWN, dtype=np.int64)
        known = targets < len(index)
        found[known] = index[targets[known]]
        return found

    return present.astype(np.int64), renumbered


def _one_for_all(outputs: Outputs, targets: Targets) -> bool:
    """One class for every text is what a sound read-out may answer where most labels are of that class: it counts only
    where the classes are balanced."""
    return len(np.unique(outputs.argmax(axis=1))) == 1 and not has_majority(np.unique(targets, return_counts=True)[1])


def _named(targets: Targets, names: Sequence[str]) -> list[str]:
    return [names[int(each)] for each in targets]


CLASSES = Target(
    metrics=(ACCURACY, MACRO_F1, LOG_LOSS),
    readouts=READOUTS,
    trained_readout="centroid:euclidean",
    objective="classification",
    code=class_code,
    unknown=lambda targets: targets == UNKNOWN,
    check_pool=check_pool,
    narrowed=_present,
    strata=lambda targets: targets,
    counts=per_class,
    named=_named,
    decided=lambda outputs: outputs.argmax(axis=1),
    made_up=lambda n, distinct, outputs: np.arange(n, dtype=np.int64) % distinct,
    same_answer=_one_for_all,
    exclusive=True,
    least_names=2,
)
