"""What a comparison consists of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from tune_dml.comparisons.beside import parts_of
from tune_dml.config import Value, absolute_path, slug

#: Options beside the space that name files whose content decides.
_OF_FILES = ("encoder", "label_texts", "templates", "unlabelled")
#: What says where and how a search is run, and nothing about what it gives.
_MANNERS = (
    "results", "name", "address", "tracking_uri", "store", "store_every", "concurrency", "cpus_per_trial",
    "gpus_per_trial", "max_gpus", "save_model", "confirm_others",
)  # fmt: skip


@dataclass(frozen=True)
class Arm:
    """One of the ways that are compared.

    Attributes:
        options: Of a search, by name, those that all arms share included.
        recipe: A single configuration instead of a search space.
        peer: Another way than a search: ``linear_probe``, logistic regression on the untouched encoder's vectors; or
            another tool, ``setfit`` or ``trainer``.
        space_text: What the space consists of, where it is none that comes along.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Value] | None = None
    peer: str | None = None
    space_text: str | None = None

    @property
    def kind(self) -> str:
        """In a word: the peer, the loss of its recipe, its losses, or its space."""
        losses = self.options.get("losses") or ()
        return self.peer or str((self.recipe or {}).get("loss") or "-".join(losses) or self._space)

    @property
    def _space(self) -> str:
        return Path(str(self.options.get("space", "default"))).stem


@dataclass(frozen=True)
class Cell:
    """One arm on one draw of one task.

    Attributes:
        task: Options of a search that say which texts: ``task``, ``data``, ...
        shots: A number, or ``"full"``.
        metric: As the comparison has it.
    """

    task: Mapping[str, Any]
    shots: int | str
    draw: int
    arm: Arm
    metric: str | None = None

    def __str__(self) -> str:
        return f"{self.task_name}, {self.shots} shots, draw {self.draw}, {self.arm.name}"

    @property
    def task_name(self) -> str:
        return str(self.task["task"])

    @cached_property
    def digest(self) -> str:
        """Of all that decides what the cell gives, the content of files included."""
        arm, task, texts = self.arm, dict(self.task), _content(self.task.get("data"))
        options = {name: value for name, value in arm.options.items() if name not in _MANNERS}
        # Files are known by what is in them, wherever they are.
        if texts is not None:
            del task["data"]
        if arm.space_text is not None:
            options["space"] = arm.space_text
        for name in _OF_FILES:
            if (given := options.get(name)) is not None:
                options[name] = ",".join(_content(part) or part for part in parts_of(name, str(given)))
        content = [task, str(self.shots), self.draw, options, arm.recipe, arm.peer, self.metric, texts]
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()

    @property
    def name(self) -> str:
        """Of its search, and of its result, whatever the comparison and the arm are called."""
        words = f"{self.task_name}-{self.shots}-{self.draw}-{self.arm.kind}"
        return f"{slug(words, 60)}-{self.digest[:12]}"


def pointless(comparison: Comparison) -> Iterator[str]:
    """Sentences on arms that will not be held against anything, or are held against themselves."""
    if len(comparison.arms) == 1:
        yield f"The arm '{comparison.arms[0].name}' is the only one: there is nothing to hold it against."
    first: dict[str, str] = {}
    for arm in comparison.arms:
        cell = Cell(comparison.tasks[0], comparison.shots[0], comparison.draws[0], arm, comparison.metric)
        same = first.setdefault(cell.digest, arm.name)
        if same != arm.name:
            yield f"The arms '{same}' and '{arm.name}' are the same; their cells are run once."


@dataclass(frozen=True)
class Comparison:
    """Tasks x shots x draws x arms.

    Attributes:
        tasks: Options of a search that say which texts, one mapping for each task.
        reference: Name of the arm that others are held against.
        margin: A difference that matters, in the metric's unit.
        metric: What is compared; ``None``: what decides in a search of the task.
    """

    name: str
    tasks: tuple[Mapping[str, Any], ...]
    shots: tuple[int | str, ...]
    draws: tuple[int, ...]
    arms: tuple[Arm, ...]
    reference: str
    margin: float = 0.01
    metric: str | None = None

    def cells(self) -> Iterator[Cell]:
        """Draw by draw, and within a draw task by task with all its arms: wherever it stops, what is there is
        balanced. All data are the same in every draw: of them there is one."""
        for number, draw in enumerate(self.draws):
            for shots in self.shots if number == 0 else [n for n in self.shots if n != "full"]:
                for task in self.tasks:
                    for arm in self.arms:
                        yield Cell(task, shots, draw, arm, self.metric)


def _content(given: object) -> str | None:
    """Of a file, or of all files in a folder; ``None`` where there is neither."""
    path = None if given is None else absolute_path(str(given))
    if path is None or not path.exists():
        return None
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    about = ((str(file.relative_to(path)) if path.is_dir() else file.suffix, file, file.stat()) for file in files)
    return "\n".join(f"{name} {_sha256(file, stat.st_mtime_ns, stat.st_size)}" for name, file, stat in about)


@lru_cache(maxsize=4096)
def _sha256(path: Path, changed: int, size: int) -> str:
    """Of a file as it was then: each of thousands of cells asks for it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
