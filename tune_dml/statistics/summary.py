"""From the scores of single cells to everything that a comparison has to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tune_dml.statistics.over_tasks import OverTasks, over_tasks, told_together
from tune_dml.statistics.paired import Paired, compare_paired
from tune_dml.statistics.ranks import Ranks, average_ranks

_Table = dict[str, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Score:
    """Of one cell.

    Attributes:
        shots: As asked for: a number, or ``"full"``.
        value: Mean over seeds on the test texts.
        seconds: Of training, in all; NaN where that is not known.
    """

    task: str
    shots: str
    draw: int
    arm: str
    value: float
    seconds: float


@dataclass(frozen=True)
class ArmRow:
    """An arm on one task with one number of shots.

    Attributes:
        draws: How many it has been run on.
        mean, spread: Of its scores over them; the standard deviation is ``None`` of a single one.
        seconds: Mean, of training.
    """

    arm: str
    draws: int
    mean: float
    spread: float | None
    seconds: float


@dataclass(frozen=True)
class Group:
    """One task and one number of shots.

    Attributes:
        arms: As they were given; those without a cell are left out.
        paired: Each against the reference, over the draws that both have; this is the family of tests.
    """

    task: str
    shots: str
    arms: tuple[ArmRow, ...]
    paired: tuple[Paired, ...]

    def against(self, arm: str) -> Paired | None:
        """``arm``'s differences to the reference."""
        return next((row for row in self.paired if row.arm == arm), None)


@dataclass(frozen=True)
class Summary:
    """What a comparison found.

    Attributes:
        arms: Names, the reference included.
        margin: A difference that matters.
        groups: By task and shots, in the order of the cells.
        over: By shots: each arm against the reference over the tasks that have both.
        ranks: By shots, over the tasks on which every arm has been run; without them none.
    """

    arms: tuple[str, ...]
    reference: str
    margin: float
    lower_is_better: bool
    groups: tuple[Group, ...]
    over: Mapping[str, tuple[OverTasks, ...]]
    ranks: Mapping[str, Ranks]


def summarise(
    scores: Iterable[Score], arms: Sequence[str], reference: str, margin: float, *, lower_is_better: bool = False
) -> Summary:
    """Means, paired differences, ranks.

    Args:
        arms: Their names, in the order in which tables shall have them.
        reference: The arm that others are held against.
        margin: A difference that matters, in the score's unit.
    """
    cells: dict[tuple[str, str], dict[str, dict[int, Score]]] = {}
    for score in scores:
        cells.setdefault((score.task, score.shots), {}).setdefault(score.arm, {})[score.draw] = score
    tables = {key: _table(by_arm, arms) for key, by_arm in cells.items()}
    groups = tuple(
        Group(
            *key,
            tuple(_row(arm, list(cells[key][arm].values())) for arm in table),
            tuple(compare_paired(table, reference, margin, lower_is_better=lower_is_better))
            if reference in table
            else (),
        )
        for key, table in tables.items()
    )
    all_shots = list(dict.fromkeys(shots for _, shots in cells))
    ranks = {
        shots: _ranks([t for key, t in tables.items() if key[1] == shots], arms, lower_is_better) for shots in all_shots
    }
    return Summary(
        tuple(arms),
        reference,
        margin,
        lower_is_better,
        groups,
        {shots: _over(groups, shots, arms, margin) for shots in all_shots},
        {shots: found for shots, found in ranks.items() if found is not None},
    )


def _table(by_arm: Mapping[str, Mapping[int, Score]], arms: Sequence[str]) -> _Table:
    """A score for each draw of each arm that has been run, NaN where there is none."""
    draws = sorted({draw for by_draw in by_arm.values() for draw in by_draw})
    return {
        arm: np.array([by_arm[arm][draw].value if draw in by_arm[arm] else np.nan for draw in draws])
        for arm in arms
        if arm in by_arm
    }


def _row(arm: str, scores: Sequence[Score]) -> ArmRow:
    values = np.array([score.value for score in scores])
    seconds = np.array([score.seconds for score in scores])
    known = seconds[np.isfinite(seconds)]
    return ArmRow(
        arm,
        len(values),
        float(values.mean()),
        float(values.std(ddof=1)) if len(values) > 1 else None,
        float(known.mean()) if len(known) else float("nan"),
    )


def _over(groups: Sequence[Group], shots: str, arms: Sequence[str], margin: float) -> tuple[OverTasks, ...]:
    result = []
    for arm in arms:
        differences = {
            group.task: row.differences
            for group in groups
            if group.shots == shots and (row := group.against(arm)) is not None
        }
        if differences:
            result.append(over_tasks(arm, differences, margin))
    return told_together(result)


def _ranks(tables: Sequence[_Table], arms: Sequence[str], lower_is_better: bool) -> Ranks | None:
    """Over the tasks that have all arms, by the draws that all arms have."""
    means: dict[str, list[float]] = {arm: [] for arm in arms}
    for table in tables:
        if len(table) < len(arms):
            continue
        known = np.isfinite(np.array(list(table.values()))).all(axis=0)
        if known.any():
            for arm, values in table.items():
                means[arm].append(float(values[known].mean()))
    if len(arms) < 2 or not means[arms[0]]:
        return None
    return average_ranks(means, lower_is_better=lower_is_better)
