"""The labelled texts of a search: drawn out of a task, and split for validation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tune_dml.config import DrawSettings
from tune_dml.data import Fold, Kind, Split, Task, draw_shots, kind_named, make_folds
from tune_dml.errors import DataError

#: From this many shots on, a round is a part of a trial's schedule and not a fold.
MANY_SHOTS = 1000


@dataclass(frozen=True, eq=False)
class Drawn:
    """The labelled texts there are, and how they are split; ``settings`` names the validation that is really used."""

    task: Task
    rows: npt.NDArray[np.int64]
    split: Split
    folds: tuple[Fold, ...]
    settings: DrawSettings

    @property
    def kind(self) -> Kind:
        return kind_named(self.task.kind)

    @property
    def per_class(self) -> dict[str, int]:
        return self.kind.target.counts(self.split.labels, self.task.label_names)


def draw_data(task: Task, settings: DrawSettings) -> Drawn:
    """Draw the shots and make the folds; with many shots, ``cv`` becomes a fixed hold-out part."""
    if settings.validation == "official" and task.validation is None and task.stands_in:
        raise DataError(
            "There is no labelled test split, so the validation split is the test split. To select by it, add "
            "--no-test; to keep it for the test, use --validation cv or holdout."
        )
    kind = kind_named(task.kind)
    rows = draw_shots(task.train, kind, settings)
    split = task.train.take(rows)
    if settings.validation == "cv" and len(rows) >= MANY_SHOTS:
        settings = replace(settings, validation="holdout")
    return Drawn(task, rows, split, make_folds(split, kind, settings, task.validation), settings)


def protocol_sentence(drawn: Drawn, metric: str) -> str:
    """How configurations are selected and scored, for every output."""
    settings = drawn.settings
    shots = f"{len(drawn.rows)} labelled examples in all (draw {settings.draw})"
    fold = drawn.folds[0]
    if fold.official:
        how = f"selected by {metric} on the official validation split of {len(fold.heldout)} texts"
    elif len(drawn.folds) == 1:
        how = f"selected by {metric} on a fixed hold-out part of {len(fold.heldout)} of them"
    else:
        repeats = f", {settings.repeats} repeats" if settings.repeats > 1 else ""
        how = f"selected by {metric} in {settings.folds}-fold cross validation inside them{repeats}"
    test = drawn.task.test
    return f"{shots}; {how}; " + (f"confirmed on {len(test)} test texts." if test is not None else "no test split.")
