"""What MLflow is told of a search beside its trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tune_dml.config import Value
from tune_dml.data import SINGLE

STATUSES = ("FINISHED", "KILLED", "FAILED")


@dataclass(frozen=True)
class Finish:
    """How a search ended.

    Attributes:
        status: ``FINISHED``, ``KILLED`` (interrupted) or ``FAILED``.
        metrics: The parent's figures: confirmed scores and the like. Those that are not finite are left out.
        description: Markdown, shown by the MLflow UI at the top of the parent run.
        artifacts: Files and folders, absolute. Those that do not exist are left out.
        winner: ``trial_key`` of the winner, ``"trial-7"``; ``None`` if there is none.
        config: The winner's configuration, flat, with its read-out.
        of_trials: Figures of single trials and baselines, by ``trial_key``: what confirming them gave.
    """

    status: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    description: str = ""
    artifacts: tuple[str, ...] = ()
    winner: str | None = None
    config: Mapping[str, Value] | None = None
    of_trials: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"status is {self.status!r}; it must be one of {', '.join(STATUSES)}")


@dataclass(frozen=True)
class TrainingData:
    """What every run of a search was trained on, as MLflow's column "Dataset" shows it.

    Attributes:
        name: Task, shots and draw in words.
        digest: Of the rows that were drawn; at most 36 characters.
        source: Where the rows are from.
    """

    name: str
    digest: str
    source: str


@dataclass(frozen=True)
class ModelRegistration:
    """What the registry is told of a winner's model.

    Attributes:
        score: The winner's cross-validation score in the search's metric; it decides about the alias ``best``.
        label_names: Class names in the order of the probabilities.
        kind: Of its task, out of :data:`tune_dml.data.kinds.KINDS`.
        trial: ``trial_key`` of the winner.
        description: Markdown.
        pip_requirements: What serving needs; empty means this installation's versions.
    """

    score: float
    label_names: tuple[str, ...]
    kind: str = SINGLE.name
    trial: str = ""
    description: str = ""
    pip_requirements: tuple[str, ...] = ()
