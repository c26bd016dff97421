"""An arm against a reference over several tasks, whose draws are no independent data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tune_dml.statistics.corrected import beyond_chance, leaves_out_zero, student_p
from tune_dml.statistics.intervals import LEAST, RESAMPLES, Interval


@dataclass(frozen=True)
class OverTasks:
    """An arm's differences to the reference, every task counting the same; positive is better.

    Attributes:
        arm: Name.
        mean: Of the tasks' means.
        interval: Of it, 95%, by a two-level bootstrap; ``None`` for fewer than 4 tasks of which one has fewer than 4
            draws.
        tasks: How many.
        wins, ties, losses: Tasks on which the arm's mean is better by more than the margin, within it, worse by more.
        ahead: Tasks on which its mean is better at all.
        p: Of Student's test on the tasks' means, uncorrected; ``None`` of one task.
        told: Whether the mean is told from 0 at 5%, all arms considered; :func:`told_together` knows.
        better, worse: The probability that the mean is better, or worse, by more than the margin.
    """

    arm: str
    mean: float
    interval: Interval | None
    tasks: int
    wins: int
    ties: int
    losses: int
    ahead: int
    better: float | None
    worse: float | None
    p: float | None = None
    told: bool = False


def over_tasks(
    arm: str, differences: Mapping[str, Sequence[float]], margin: float, resamples: int = RESAMPLES, seed: int = 0
) -> OverTasks:
    """The mean over tasks, with a studentised two-level bootstrap.

    Tasks are drawn with replacement, and within each that was drawn its draws: draws of one task share its texts, so
    they alone would make the interval far too narrow (Davison and Hinkley, "Bootstrap Methods and their Application",
    1997, section 3.8). Each sample's mean is taken in standard errors, from the spread of its tasks' means (section
    5.2.1), as with few tasks the percentiles of the means would be too narrow.

    Args:
        differences: Of each task, one for each draw; at least one.
        margin: A difference that matters.
    """
    groups = [np.asarray(values, dtype=np.float64) for values in differences.values()]
    means = np.array([group.mean() for group in groups])
    mean = float(means.mean())
    wins, losses = int((means > margin).sum()), int((means < -margin).sum())
    interval = better = worse = None
    # With fewer, an interval of 95% covers the truth in 0 to 90% of cases (simulated, normal).
    if len(groups) > 1 and (len(groups) >= LEAST or min(map(len, groups)) >= LEAST):
        # Where the true mean may be: as far from the one seen as that of a sample is from its own, in standard errors.
        error = float(means.std(ddof=1)) / np.sqrt(len(groups))
        possible = mean - error * _t_statistics(groups, mean, resamples, seed)
        low, high = np.quantile(possible, [0.025, 0.975])
        interval = Interval(float(low), float(high))
        better, worse = float((possible > margin).mean()), float((possible < -margin).mean())
    return OverTasks(
        arm,
        mean,
        interval,
        len(groups),
        wins=wins,
        ties=len(groups) - wins - losses,
        losses=losses,
        ahead=int((means > 0).sum()),
        better=better,
        worse=worse,
        p=student_p(means),
    )


def told_together(rows: Sequence[OverTasks]) -> tuple[OverTasks, ...]:
    """The arms of one number of shots, with what is told from chance: by Student's test on the tasks' means, corrected
    over them by Holm, where the interval leaves 0 out too."""
    beyond = beyond_chance({row.arm: row.p for row in rows})
    return tuple(replace(row, told=row.arm in beyond and leaves_out_zero(row.interval)) for row in rows)


def _t_statistics(
    groups: Sequence[npt.NDArray[np.float64]], mean: float, resamples: int, seed: int
) -> npt.NDArray[np.float64]:
    """Of means over tasks drawn with replacement of means over draws drawn with replacement."""
    rng, tasks = np.random.default_rng(seed), len(groups)
    chosen = rng.integers(tasks, size=(resamples, tasks))
    means = np.empty((resamples, tasks))
    for i, group in enumerate(groups):
        places = chosen == i
        drawn = rng.integers(len(group), size=(int(places.sum()), len(group)))
        means[places] = group[drawn].mean(axis=1)
    errors = means.std(axis=1, ddof=1) / np.sqrt(tasks)
    told = errors > 1e-9 * (errors.max() or 1)
    found: npt.NDArray[np.float64] = (means[told].mean(axis=1) - mean) / errors[told]
    return found if len(found) else np.zeros(1)
