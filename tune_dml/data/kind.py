"""What the rest of the system knows of a kind of task: what an example is, and what is to be learnt of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tune_dml.data.known_tasks import TaskSpec
from tune_dml.data.metric import Metric, Outputs, Targets
from tune_dml.data.raw_rows import RawRows
from tune_dml.data.task import Split
from tune_dml.data.task_source import Source
from tune_dml.data.text_forms import TextForm
from tune_dml.errors import UsageError, nearest
from tune_dml.recipe import add_readouts

Rows = npt.NDArray[np.int64]
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Code(Protocol):
    """What labels as written mean, learnt from the training labels alone."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the outputs, in their order."""
        ...

    @property
    def train_counts(self) -> Mapping[str, int]:
        """How many training labels each name has."""
        ...

    def encode(self, rows: RawRows, split: str) -> Any:
        """The targets of a split, as an array takes them, with what :attr:`Target.unknown` finds for labels that no
        training text carries.

        Raises:
            DataError: a label is missing, or is none.
        """
        ...


@dataclass(frozen=True)
class Target:
    """What is to be learnt of an example. ``targets`` are arrays of ``dtype``, an entry or a row for each example.

    Attributes:
        metrics: The default one first. They are what a round's scores are.
        readouts: That go with it; trials are steered by the first.
        trained_readout: The one that a trained encoder has where no other is clearly better.
        objective: What training minimises, out of :data:`tune_dml.training.objectives.OBJECTIVES`.
        losses: Those that its objective can use; ``None``: all.
        head_loss: What the objective without a metric loss is called.
        written: What stands for a label in a cell, as text, number or boolean.
        code: ``code(rows by split, what is known of the task, where it comes from, notes)``; notes are added to.
        unknown: Which targets have something that no training text carries: bool ``[n]``.
        unseen: What that is, in a label as written: ``unseen(code, label)``.
        check_pool: Raises a DataError where the clean training texts leave nothing to be learnt.
        narrowed: Of the names, the positions of those that the training targets have, and what gives targets by them.
        strata: A number from 0 on for each example: those of a number are what draws, folds and batches spread out.
        counts: How many examples have each name.
        named: The targets in words: a name, or a tuple of names, for each.
        decided: The targets that outputs stand for.
        made_up: ``made_up(n, distinct, outputs)``: some targets, of so many sorts at most.
        same_answer: Whether these outputs for examples with these targets mean that training has come to nothing.
        label_columns: What their column may be called, the most usual name first, where it is not known.
        in_columns: Whether labels may have a column each.
        exclusive: Whether an example has exactly one of the names.
        sure: Whether outputs say how sure a model is of each name; else they are the answer.
        least_names: That a model needs.
    """

    metrics: tuple[Metric, ...]
    readouts: tuple[str, ...]
    trained_readout: str
    objective: str
    code: Callable[[dict[str, RawRows], TaskSpec | None, Source, list[str]], Code]
    unknown: Callable[[Targets], npt.NDArray[np.bool_]]
    check_pool: Callable[[Split, Code, str, Sequence[str]], None]
    narrowed: Callable[[Targets], tuple[Rows, Callable[[Targets], Targets]]]
    strata: Callable[[Targets], Rows]
    counts: Callable[[Targets, Sequence[str]], dict[str, int]]
    named: Callable[[Targets, Sequence[str]], list[Any]]
    decided: Callable[[Outputs], Targets]
    made_up: Callable[[int, int, int], Targets]
    same_answer: Callable[[Outputs, Targets], bool] = lambda outputs, targets: False
    written: Callable[[Any], Any] = lambda cell: cell
    losses: tuple[str, ...] | None = None
    head_loss: str = "ce"
    unseen: Callable[[Any, str], Sequence[str]] = lambda code, label: (label,)
    label_columns: tuple[str, ...] = ()
    in_columns: bool = False
    exclusive: bool = False
    sure: bool = True
    least_names: int = 1
    dtype: type[np.generic] = np.int64

    @property
    def metric(self) -> str:
        """The default one's name."""
        return self.metrics[0].name

    @property
    def readout(self) -> str:
        """The one that trials are steered by."""
        return self.readouts[0]

    def answers(self, outputs: npt.ArrayLike, names: Sequence[str]) -> list[Any]:
        """What a model says of each text: a name, a tuple of names, or a number."""
        return self.named(self.decided(np.asarray(outputs)), names)


@dataclass(frozen=True)
class Kind:
    """A kind of task.

    Attributes:
        name: In files, options and tables.
        texts: What an example is.
        target: What is to be learnt of it.
        space: The search space that is taken where none is named.
        pair_encoding: Of baselines.
        templates: Which of :data:`tune_dml.data.SHIPPED` its texts are put in where prompts are on.
        of_pairs: The kind that the same name stands for where there are two text columns.
    """

    name: str
    texts: TextForm
    target: Target
    space: str = "default"
    pair_encoding: str = "joint"
    of_pairs: str | None = None
    templates: str = "topic"

    def register(self) -> list[str]:
        """Make it known in this process; sentences on what is wrong with it instead."""
        if KINDS.get(self.name) is self:
            return []
        problems = [f"there is a kind '{self.name}' already."] if self.name in KINDS else []
        if not _NAME.fullmatch(self.name):
            problems.append(f"'{self.name}' cannot be a kind's name; take lower-case letters, digits and underscores.")
        if not self.target.metrics or not self.target.readouts:
            problems.append("its target needs a metric and a read-out, at least.")
        for metric in self.target.metrics:
            if METRICS.get(metric.name, metric) is not metric:
                problems.append(f"there is a metric '{metric.name}' already.")
        if not problems:
            KINDS[self.name] = self
            METRICS.update({metric.name: metric for metric in self.target.metrics})
            add_readouts(self.target.readouts)
        return problems


#: By name; filled by :mod:`tune_dml.data.kinds`, and by other packages.
KINDS: dict[str, Kind] = {}
METRICS: dict[str, Metric] = {}


def kind_named(name: str) -> Kind:
    """The kind of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in KINDS:
        raise UsageError(
            f"'{name}' is not a kind of task: {nearest(name, KINDS)} Another package's needs --loss-plugin."
        )
    return KINDS[name]


def metric_named(name: str) -> Metric:
    """The metric of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in METRICS:
        raise UsageError(f"'{name}' is not a metric: {nearest(name, METRICS)}")
    return METRICS[name]
