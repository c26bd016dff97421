"""Texts without labels, for masked-LM steps before a search."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tune_dml.config import TaskSettings, absolute_path
from tune_dml.data import KINDS, Split, read_texts, spec_named
from tune_dml.driver.drawing import Drawn
from tune_dml.errors import DataError, UsageError

#: As many as a batch has.
LEAST = 32


@dataclass(frozen=True)
class Unlabelled:
    """Texts that words are learnt from.

    Attributes:
        texts, texts_b: Or pairs of them; each once, and none that the test or validation split has.
        where: They come from, in a few words.
    """

    texts: tuple[str, ...]
    texts_b: tuple[str, ...] | None
    where: str

    @property
    def words(self) -> str:
        """How many there are, and where they come from."""
        return f"{len(self.texts):,} texts without labels ({self.where})"

    @cached_property
    def sha256(self) -> str:
        """Of all of them."""
        return hashlib.sha256(json.dumps([self.texts, self.texts_b]).encode()).hexdigest()


def check_adapting(steps: int | None, file: str | None) -> None:
    """Raises:
    UsageError: the number of steps is none, or there is a file without any.
    """
    if steps is not None and steps < 1:
        raise UsageError(f"--adapt-mlm is {steps}; it must be 1 or more.")
    if file is not None and steps is None:
        raise UsageError("--unlabelled is for masked-LM steps; say how many with --adapt-mlm N.")


def unlabelled_texts(drawn: Drawn, task: TaskSettings, file: str | None) -> Unlabelled:
    """Those of a file; else of a known task all training texts, and of one's own data the shots.

    Raises:
        DataError: the file cannot be read, or there are too few.
    """
    if file is not None:
        form = KINDS[drawn.task.kind].texts
        rows = read_texts(Path(file), task.text_columns, form).rows
        pairs = [row if isinstance(row, tuple) else (row, "") for row in rows]
        found = _kept(pairs, drawn, drawn.split.texts_b is not None, absolute_path(file).name)
        cure = "add more to it"
    else:
        known = task.data is None and (spec_named(task.task) is not None or task.task.startswith("hub:"))
        split = drawn.task.train if known else drawn.split
        where = f"the training texts of {drawn.task.name}" if known else "the labelled texts"
        found = _kept(_pairs(split), drawn, split.texts_b is not None, where)
        cure = "name a file of more with --unlabelled"
    if len(found.texts) < LEAST:
        raise DataError(
            f"There are {len(found.texts)} different texts for masked-LM steps ({found.where}), and {LEAST} are the "
            f"least: {cure}, or leave --adapt-mlm out."
        )
    return found


def _pairs(split: Split) -> list[tuple[str, str]]:
    return list(zip(split.texts, split.texts_b or ("",) * len(split), strict=True))


def _kept(pairs: Sequence[tuple[str, str]], drawn: Drawn, both: bool, where: str) -> Unlabelled:
    """Each once, without what will be scored."""
    scored = {pair for split in (drawn.task.test, drawn.task.validation) if split for pair in _pairs(split)}
    kept = [pair for pair in dict.fromkeys(pairs) if pair not in scored and any(pair)]
    first, second = [a for a, _ in kept], [b for _, b in kept]
    return Unlabelled(tuple(first), tuple(second) if both else None, where)
