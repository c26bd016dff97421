"""A comparison on disk: what was asked; and a file for each cell that has been run, whichever comparison ran it."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from tune_dml.comparisons.comparison import Cell, Comparison
from tune_dml.config import from_values
from tune_dml.errors import EnvironmentFault
from tune_dml.reporting import write_text_atomic
from tune_dml.results.folders import results_folder
from tune_dml.statistics import Score
from tune_dml.version import __version__

_CELLS = "cells"


@dataclass(frozen=True)
class CellResult:
    """What one cell gave.

    Attributes:
        name: Of the cell, and of its search.
        value: Mean over seeds on the test texts, in ``metric``; ``None`` where it has none, for a ``reason``.
        seeds: The single values.
        cross_validation: The winner's, which is biased.
        winner: In a word: the trial that won, or what a peer picked.
        seconds: Wall time in all.
        training_seconds, rounds, trials: Spent on trials, baselines left out.
        version: Of tune-dml.
        texts: A digest of the draw's texts and labels; all arms of a draw have the same.
    """

    name: str
    digest: str
    task: str
    shots: int | str
    draw: int
    arm: str
    metric: str
    value: float | None
    seeds: tuple[float, ...] = ()
    cross_validation: float | None = None
    winner: str = ""
    seconds: float | None = None
    training_seconds: float | None = None
    rounds: int | None = None
    trials: int | None = None
    reason: str | None = None
    version: str = ""
    texts: str = ""

    @classmethod
    def of(cls, cell: Cell, metric: str, seeds: Sequence[float], **others: Any) -> CellResult:
        """What ``cell`` gave with each seed; of none there is no value."""
        if not all(map(math.isfinite, seeds)):
            seeds, others = (), {**others, "reason": f"its {metric} is not a number."}
        value = sum(seeds) / len(seeds) if seeds else None
        names = cell.name, cell.digest, cell.task_name, cell.shots, cell.draw, cell.arm.name
        return cls(*names, metric, value, tuple(seeds), version=__version__, **others)


class ComparisonFolder:
    """``<results>/comparisons/<name>``, and the cells of all comparisons, ``<results>/cells``.

    Attributes:
        damaged: Files of cells that could not be read: those cells count as not run.

    Raises:
        ResultsError: the results folder cannot be used.
    """

    def __init__(self, results: str, name: str) -> None:
        self._results, root = results, results_folder(results)
        self.path, self.cells, self.damaged = root / "comparisons" / name, root / _CELLS, set[Path]()

    def made(self) -> ComparisonFolder:
        """It, which is made if it is not there.

        Raises:
            ResultsError, EnvironmentFault: it cannot be made.
        """
        results_folder(self._results, create=True)
        for folder in (self.path, self.cells):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise EnvironmentFault(f"{folder} cannot be made: {error.strerror}.") from None
        return self

    @property
    def comparison_file(self) -> Path:
        """What it consists of, as it was last run."""
        return self.path / "comparison.yaml"

    def of_another(self, comparison: Comparison) -> str:
        """A sentence where the folder holds another comparison of that name, of other tasks or other arms; empty where
        it does not."""
        try:
            values = yaml.safe_load(self.comparison_file.read_text(encoding="utf-8"))
            tasks, arms = {task["task"] for task in values["tasks"]}, set(values["arms"])
        except (OSError, ValueError, TypeError, LookupError, AttributeError, yaml.YAMLError):
            return ""
        if tasks & {task["task"] for task in comparison.tasks} and arms & {arm.name for arm in comparison.arms}:
            return ""
        shown = f"{', '.join(sorted(tasks))}, with the arms {', '.join(sorted(arms))}"
        return (
            f"{self.path} had another comparison, of {shown}: its report is replaced. Give one of the two another name."
        )

    def lock_of(self, cell: Cell) -> Path:
        """Held by the process that runs the cell."""
        return self.cells / f"{cell.name}.lock"

    def result_of(self, cell: Cell) -> CellResult | None:
        """``None`` if it has not been run, with what it consists of now."""
        path = self._file(cell.name)
        if not path.is_file():
            return None
        try:
            found = from_values(CellResult, json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            self.damaged.add(path)
            return None
        # Another comparison may have run it for an arm of another name.
        return replace(found, arm=cell.arm.name) if found.digest == cell.digest else None

    def has_score(self, cell: Cell) -> bool:
        """Whether nothing is left to be done for it."""
        found = self.result_of(cell)
        return found is not None and found.value is not None

    def add(self, result: CellResult) -> None:
        """Write it atomically."""
        write_text_atomic(self._file(result.name), json.dumps(asdict(result), ensure_ascii=False, indent=1) + "\n")

    def results(self, comparison: Comparison) -> Iterator[CellResult]:
        """Of all cells that have been run, in the order of the cells."""
        for cell in comparison.cells():
            if (found := self.result_of(cell)) is not None:
                yield found

    def _file(self, name: str) -> Path:
        return self.cells / f"{name}.json"


def metric_of_all(results: Iterable[CellResult]) -> str:
    """The one that most cells with a score have: tasks of several kinds have several."""
    return Counter(r.metric for r in results if r.value is not None).most_common(1)[0][0]


def with_other_texts(results: Iterable[CellResult]) -> set[str]:
    """Names of cells with another draw than the arms beside them: the task's data were others where they were run."""
    known = [r for r in results if r.texts]
    counts: dict[tuple[str, str, int], Counter[str]] = {}
    for r in known:
        counts.setdefault((r.task, str(r.shots), r.draw), Counter())[r.texts] += 1
    usual = {draw: of_draw.most_common(1)[0][0] for draw, of_draw in counts.items()}
    return {r.name for r in known if r.texts != usual[r.task, str(r.shots), r.draw]}


def digest_of_texts(hashes: Sequence[str]) -> str:
    """For :attr:`CellResult.texts`, from :meth:`tune_dml.data.task.Split.hashes`."""
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:12]


def scores(results: Sequence[CellResult]) -> list[Score]:
    """Of the cells that have one, in the metric that most of them have, on the texts of their draw."""
    others = with_other_texts(results)
    metric = metric_of_all(results) if any(r.value is not None for r in results) else ""
    return [
        Score(
            r.task, str(r.shots), r.draw, r.arm, r.value, math.nan if r.training_seconds is None else r.training_seconds
        )
        for r in results
        if r.value is not None and r.metric == metric and r.name not in others
    ]
