"""What is told from chance where several arms are looked at together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy import stats

from tune_dml.statistics.intervals import Interval

ALPHA = 0.05


def holm(ps: Mapping[str, float | None]) -> dict[str, float | None]:
    """P-values corrected together (Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian
    Journal of Statistics 6, 1979); what cannot be tested counts as a test with a p-value of 1."""
    corrected: dict[str, float | None] = {}
    largest = 0.0
    for rank, (arm, p) in enumerate(sorted(ps.items(), key=lambda item: 1.0 if item[1] is None else item[1])):
        largest = max(largest, min(1.0, (len(ps) - rank) * (1.0 if p is None else p)))
        corrected[arm] = None if p is None else largest
    return corrected


def student_p(differences: npt.ArrayLike) -> float | None:
    """Two-sided, of Student's test that their mean is 0; ``None`` of fewer than two, or where all are the same."""
    values = np.asarray(differences, dtype=np.float64)
    if len(values) < 2 or values.std() <= 1e-12 * (1 + np.abs(values).max()):
        return None
    return float(stats.ttest_1samp(values, 0.0).pvalue)


def leaves_out_zero(interval: Interval | None) -> bool:
    """Whether there is an interval, and 0 is not within."""
    return interval is not None and not interval.low <= 0 <= interval.high


def beyond_chance(evidence: Mapping[str, float | None]) -> set[str]:
    """The arms whose p-value is significant at 5% after Holm's correction over all of them."""
    return {arm for arm, p in holm(evidence).items() if p is not None and p <= ALPHA}
