"""``train --config best.yaml --data``: the texts of the search again, or others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tune_dml.config import TaskSettings
from tune_dml.data import Fold, Split, Task, load_task
from tune_dml.data.cleaning import counted, without_copies
from tune_dml.driver.drawing import Drawn, draw_data
from tune_dml.errors import DataError, EnvironmentFault
from tune_dml.results.best_file import BestFile


def other_data(best: BestFile, data: str, reading: Mapping[str, Any]) -> tuple[Drawn | None, tuple[str, ...]]:
    """All labelled texts of ``data``, and what is to be said of a model that is trained on them; ``None`` where the
    draw of the search can be made of it.

    Args:
        reading: Fields of ``TaskSettings`` that say how it is read.

    Raises:
        DataError: the data cannot be read.
    """
    try:
        same = draw_data(load_task(replace(best.task, data=data, **reading)), best.draw)
        if same.split.hashes() == best.hashes:
            return None, ()
    except DataError:
        # Too few texts for the draw, say; what is wrong with the file itself is found below.
        pass
    # Of a single file all is for training; a folder may have a test split of its own. The encoding is the file's.
    no_test = best.task.no_test or not Path(data).is_dir()
    task = load_task(replace(best.task, **{"data": data, "no_test": no_test, "encoding": None, **reading}))
    rows = np.arange(len(task.train), dtype=np.int64)
    drawn = Drawn(task, rows, task.train, (Fold(rows, rows[:0]),), replace(best.draw, shots=None, shots_per_class=None))
    return drawn, tuple(_notes(best, task))


def _notes(best: BestFile, task: Task) -> list[str]:
    notes = [
        "These are other texts than those of the search: the model is trained on all "
        f"{counted(len(task.train), 'text')} of them, and reproduces none of its numbers."
    ]
    if best.label_names and set(task.label_names) != set(best.label_names):
        now, before = ", ".join(task.label_names), ", ".join(best.label_names)
        notes.append(f"The classes are {now}; those of the search were {before}.")
    return [*notes, *_void(best.task, task.train)]


def _void(before: TaskSettings, train: Split) -> list[str]:
    """Whether the search's test score still says something."""
    if before.no_test:
        return []
    try:
        test = load_task(before).test
    except (DataError, EnvironmentFault) as error:
        return [
            f"Whether texts of the search's test split are among them cannot be looked up ({str(error).rstrip('.')}); "
            "if so, its test score says nothing of this model."
        ]
    if test is None:
        return []
    shared = len(train) - len(without_copies(replace(train, groups=None), replace(test, groups=None), "test")[0])
    if not shared:
        return []
    verb = "is" if shared == 1 else "are"
    return [
        f"{counted(shared, 'text')} of them {verb} in the search's test split: its test score says nothing of this "
        "model."
    ]
