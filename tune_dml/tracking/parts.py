"""The pieces in which a search reaches MLflow. Writing a piece twice changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from tune_dml.config import TrialRecord
from tune_dml.config.moved_paths import in_search
from tune_dml.data import usual_kind
from tune_dml.tracking.model_registry import register
from tune_dml.tracking.names import trial_key
from tune_dml.tracking.pending import Note
from tune_dml.tracking.runs import SearchRuns
from tune_dml.tracking.told import Finish, ModelRegistration


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
            about: dict[str, Any] = dict(note["about"])
            # What earlier versions of tune-dml said instead.
            if (pairs := about.pop("pairs", None)) is not None:
                about["kind"] = usual_kind(1 + bool(pairs)).name
            tuples = {name: tuple(about[name]) for name in ("label_names", "pip_requirements")}
            return ModelPart(Path(in_search(note["folder"], folder)), ModelRegistration(**about | tuples))
    return None
