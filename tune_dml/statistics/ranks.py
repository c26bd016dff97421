"""Average ranks of the arms over tasks, and how far apart they have to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import factorial

import numpy as np
import numpy.typing as npt
from scipy import stats

from tune_dml.statistics.corrected import ALPHA

#: Fewer tasks than these are no sample of tasks.
LEAST_TASKS = 5
_LEAST_ARMS = 3


@dataclass(frozen=True)
class Ranks:
    """Of every arm, best first.

    Attributes:
        average: 1 is the best on every task; ties share a rank.
        tasks: How many.
        p: Of Friedman's test, by the F distribution of Iman and Davenport; ``None`` for fewer than 5 tasks or 3 arms.
        critical_difference: Average ranks that are farther apart differ at 5% (Nemenyi); ``None`` likewise.
    """

    average: dict[str, float]
    tasks: int
    p: float | None
    critical_difference: float | None


def average_ranks(scores: Mapping[str, npt.ArrayLike], *, lower_is_better: bool = False) -> Ranks:
    """Ranks of the arms on each task, and Friedman's test with the critical difference.

    Demsar, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7, 2006, section 3.2.2: the tasks are
    the sample, so each counts once however many draws it has.

    Args:
        scores: Of each arm, the mean over draws for each task; tasks in the same order, none missing.
    """
    names = list(scores)
    table = np.array([np.asarray(scores[name], dtype=np.float64) for name in names])
    ranks = stats.rankdata(table if lower_is_better else -table, axis=0)
    arms, tasks = table.shape
    mean = ranks.mean(axis=1)
    average = {names[i]: float(mean[i]) for i in np.argsort(mean, kind="stable")}
    if tasks < LEAST_TASKS or arms < _LEAST_ARMS:
        return Ranks(average, tasks, None, None)
    critical = (
        stats.studentized_range.ppf(1 - ALPHA, arms, np.inf) / np.sqrt(2) * np.sqrt(arms * (arms + 1) / (6 * tasks))
    )
    return Ranks(average, tasks, _friedman_p(ranks), float(critical))


def _friedman_p(ranks: npt.NDArray[np.float64]) -> float:
    """By Iman and Davenport ("Approximations of the Critical Region of the Friedman Statistic", Communications in
    Statistics A 9, 1980), which is less conservative than chi square; ties are corrected for."""
    arms, tasks = ranks.shape
    if np.allclose(ranks, ranks[:1]):
        return 1.0
    statistic = float(stats.friedmanchisquare(*ranks).statistic)
    most = tasks * (arms - 1)
    if statistic >= most * (1 - 1e-12):
        # The same order on every task: of all orders that the tasks may have, one in so many.
        return float(factorial(arms) ** (1 - tasks))
    f = (tasks - 1) * statistic / (most - statistic)
    return float(stats.f.sf(f, arms - 1, (arms - 1) * (tasks - 1)))
