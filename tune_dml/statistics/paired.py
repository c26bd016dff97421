"""The arms of one task and one number of shots, each against a reference, paired by draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from tune_dml.statistics.corrected import ALPHA, beyond_chance, holm, leaves_out_zero, student_p
from tune_dml.statistics.intervals import RESAMPLES, Interval, studentised_interval
from tune_dml.statistics.power import can_be_tested, visible_difference
from tune_dml.statistics.sign_flips import sign_flip_p


@dataclass(frozen=True)
class Paired:
    """An arm's differences to the reference on the same draws; positive is better.

    Attributes:
        arm: Name.
        differences: One of each draw.
        mean, spread: Of them; the standard deviation is ``None`` of a single one.
        interval: Of the mean, 95%; ``None`` for fewer than 4 draws.
        p: Of the sign-flip test; ``None`` where so few draws cannot be significant after the correction.
        corrected_p: The same after Holm's correction over the arms of this task and shots.
        visible: The difference that would have been seen in 8 of 10 such comparisons.
        told: Whether the difference is told from chance at 5%, all arms considered: by ``corrected_p``; without one, by
            Student's test so corrected, where the interval leaves 0 out too.
        better: The probability that the arm is better by more than the margin, ``worse`` that it is worse by more.
    """

    arm: str
    differences: tuple[float, ...]
    mean: float
    spread: float | None
    interval: Interval | None
    p: float | None
    corrected_p: float | None
    visible: float | None
    better: float | None
    worse: float | None
    told: bool = False


def compare_paired(
    scores: Mapping[str, npt.ArrayLike],
    reference: str,
    margin: float,
    *,
    lower_is_better: bool = False,
    resamples: int = RESAMPLES,
) -> list[Paired]:
    """Each arm against ``reference``.

    The family of tests that Holm's correction is over are all arms given here but the reference: those of one task and
    one number of shots.

    Args:
        scores: Of each arm, a number for each draw, NaN where there is none; draws in the same order.
        margin: A difference that matters, in the score's unit.
        lower_is_better: Of the score.
        resamples: Of the bootstrap.
    """
    base = np.asarray(scores[reference], dtype=np.float64)
    sign = -1.0 if lower_is_better else 1.0
    given = {
        arm: _known(sign * (np.asarray(values, dtype=np.float64) - base))
        for arm, values in scores.items()
        if arm != reference
    }
    given = {arm: differences for arm, differences in given.items() if len(differences)}
    ps = {arm: sign_flip_p(values) if can_be_tested(len(values), len(given)) else None for arm, values in given.items()}
    corrected = holm(ps)
    rows = [
        _summary(arm, values, ps[arm], corrected[arm], len(given), margin, resamples) for arm, values in given.items()
    ]
    # Of so few draws that the exact test can show nothing, Student's has to do.
    beyond = beyond_chance({arm: student_p(values) if ps[arm] is None else ps[arm] for arm, values in given.items()})
    return [replace(row, told=_is_told(row, beyond)) for row in rows]


def _is_told(row: Paired, beyond: set[str]) -> bool:
    if row.corrected_p is not None:
        return row.corrected_p <= ALPHA
    return row.arm in beyond and leaves_out_zero(row.interval)


def _known(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return values[np.isfinite(values)]


def _summary(
    arm: str,
    values: npt.NDArray[np.float64],
    p: float | None,
    corrected_p: float | None,
    tests: int,
    margin: float,
    resamples: int,
) -> Paired:
    n, mean = len(values), float(values.mean())
    spread = float(values.std(ddof=1)) if n > 1 else None
    better = worse = None
    if spread is not None:
        better, worse = (_beyond(mean * side, spread, n, margin) for side in (1, -1))
    return Paired(
        arm,
        tuple(values.tolist()),
        mean,
        spread,
        studentised_interval(values, resamples=resamples),
        p,
        corrected_p,
        None if not spread else visible_difference(spread, n, tests, estimated=True),
        better,
        worse,
    )


def _beyond(mean: float, spread: float, n: int, margin: float) -> float:
    """The posterior probability that the true mean is above ``margin``, with the prior that adds nothing: Student's t
    around the mean (Benavoli, Corani, Demsar and Zaffalon, "Time for a Change", JMLR 18, 2017, section 3, with
    independent draws)."""
    if spread == 0:
        return float(mean > margin)
    return float(stats.t.sf((margin - mean) / (spread / np.sqrt(n)), n - 1))
