"""The pieces in which a search reaches MLflow. Writing a piece twice changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tune_dml.config import TrialRecord, Value
from tune_dml.config.moved_paths import in_search
from tune_dml.tracking.names import trial_key
from tune_dml.tracking.pending import Note

if TYPE_CHECKING:
    from tune_dml.tracking.runs import SearchRuns

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
        pairs: Whether the model reads two texts (columns ``text_a``, ``text_b``) and not one (``text``).
        trial: ``trial_key`` of the winner.
        description: Markdown.
        pip_requirements: What serving needs; empty means this installation's versions.
    """

    score: float
    label_names: tuple[str, ...]
    pairs: bool = False
    trial: str = ""
    description: str = ""
    pip_requirements: tuple[str, ...] = ()


class Part(Protocol):
    """A piece that can be written, and noted on disk while it is owed."""

    @property
    def key(self) -> str:
        """Names the part; a later part with this name replaces one that waits."""
        ...

    def apply(self, runs: SearchRuns) -> None:
        """Write it. Raises MLflow's exceptions."""
        ...

    def note(self) -> Note:
        """What is kept on disk while it is owed."""
        ...


@dataclass(frozen=True)
class SearchPart:
    """The parent run and its parameters.

    Attributes:
        running: Whether its status becomes that; not where it has ended.
    """

    about: Mapping[str, str]
    running: bool = True

    key = "search"

    def apply(self, runs: SearchRuns) -> None:
        runs.start(self.about, self.running)

    def note(self) -> Note:
        return {"part": self.key, "about": dict(self.about)}


@dataclass(frozen=True)
class TrialPart:
    """One trial's run. Its note is only a name: the content is in the journal."""

    record: TrialRecord

    @property
    def key(self) -> str:
        return trial_key(self.record)

    def apply(self, runs: SearchRuns) -> None:
        runs.trial(self.record)

    def note(self) -> Note:
        return {"part": self.key}


@dataclass(frozen=True)
class BestPart:
    """Points of the best-score curve: step, value."""

    points: Mapping[int, float]

    key = "best"

    def apply(self, runs: SearchRuns) -> None:
        runs.best(self.points)

    def note(self) -> Note:
        return {"part": self.key, "points": sorted(self.points.items())}


@dataclass(frozen=True)
class FinishPart:
    """The parent run's end."""

    finish: Finish

    key = "finish"

    def apply(self, runs: SearchRuns) -> None:
        runs.finish(self.finish)

    def note(self) -> Note:
        return {"part": self.key, "finish": asdict(self.finish)}


@dataclass(frozen=True)
class ModelPart:
    """The registered model."""

    folder: Path
    about: ModelRegistration

    key = "model"

    def apply(self, runs: SearchRuns) -> None:
        from tune_dml.tracking.registry import register

        register(runs, self.folder, self.about)

    def note(self) -> Note:
        return {"part": self.key, "folder": str(self.folder), "about": asdict(self.about)}


def part_from(note: Note, folder: Path) -> Part | None:
    """The part that a note describes; ``None`` for trials (they come from the journal) and for damaged notes.

    Args:
        folder: Of the search, where its files are now.
    """
    try:
        return _part_from(note, folder)
    except (KeyError, TypeError, ValueError):
        return None


def _part_from(note: Note, folder: Path) -> Part | None:
    match note["part"]:
        case "search":
            return SearchPart({str(name): str(value) for name, value in note["about"].items()})
        case "best":
            return BestPart({int(step): float(value) for step, value in note["points"]})
        case "finish":
            values: dict[str, Any] = note["finish"]
            files = tuple(in_search(str(path), folder) for path in values["artifacts"])
            return FinishPart(Finish(**values | {"artifacts": files}))
        case "model":
            about: dict[str, Any] = note["about"]
            tuples = {name: tuple(about[name]) for name in ("label_names", "pip_requirements")}
            return ModelPart(Path(in_search(note["folder"], folder)), ModelRegistration(**about | tuples))
    return None
