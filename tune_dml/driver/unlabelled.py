"""Texts without labels, for masked-LM steps before a search."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tune_dml.config import TaskSettings, absolute_path
from tune_dml.data import KINDS, Reading, Split, Texts, read_table, read_texts, spec_named
from tune_dml.data.folding import folded
from tune_dml.data.text_forms import TextForm
from tune_dml.driver.drawing import Drawn
from tune_dml.errors import DataError, UsageError

#: As many as a batch has.
LEAST = 32
MOST_STEPS = 1_000_000


@dataclass(frozen=True)
class Unlabelled:
    """Texts that words are learnt from.

    Attributes:
        texts, texts_b: Or pairs of them; each once, and none that the test or validation split has.
        where: They come from, in a few words.
        notes: What is to be said of them.
    """

    texts: tuple[str, ...]
    texts_b: tuple[str, ...] | None
    where: str
    notes: tuple[str, ...] = ()

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
    if steps is not None and not 1 <= steps <= MOST_STEPS:
        raise UsageError(f"--adapt-mlm is {steps}; it must be 1 to {MOST_STEPS:,}.")
    if file is not None and steps is None:
        raise UsageError("--unlabelled is for masked-LM steps; say how many with --adapt-mlm N.")


def unlabelled_texts(drawn: Drawn, task: TaskSettings, file: str | None) -> Unlabelled:
    """Those of a file; else of a known task all training texts, and of one's own data the shots.

    Raises:
        DataError: the file cannot be read, or there are too few.
    """
    pairs = drawn.split.texts_b is not None
    if file is not None:
        rows, notes = _of_file(absolute_path(file), task, KINDS[drawn.task.kind].texts)
        where, cure = absolute_path(file).name, "add more to it"
    else:
        known = task.data is None and (spec_named(task.task) is not None or task.task.startswith("hub:"))
        rows, notes = _pairs(drawn.task.train if known else drawn.split), ()
        where = f"the training texts of {drawn.task.name}" if known else "the labelled texts"
        cure = "name a file of more with --unlabelled"
    scored = {_key(pair) for split in (drawn.task.test, drawn.task.validation) if split for pair in _pairs(split)}
    # Each once, as copies are found among labelled texts too; a pair is the same whichever way round it stands.
    once = {_key(pair): pair for pair in reversed(rows) if any(pair)}
    kept = [pair for key, pair in reversed(once.items()) if key not in scored]
    if gone := len(once) - len(kept):
        verb = "is" if gone == 1 else "are"
        notes += (f"{gone:,} of the texts for masked-LM steps {verb} in the test or validation split, and left out.",)
    if len(kept) < LEAST:
        raise DataError(
            f"There are {len(kept)} different texts for masked-LM steps ({where}"
            f"{f', without {gone} that will be scored' if gone else ''}), and {LEAST} are the least: {cure}, or leave "
            "--adapt-mlm out."
        )
    first, second = tuple(a for a, _ in kept), tuple(b for _, b in kept)
    return Unlabelled(first, second if pairs else None, where, notes)


def _of_file(path: Path, task: TaskSettings, form: TextForm) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """What it holds, and how it was read: it may be called otherwise than the labelled texts."""
    if path.suffix.lower() == ".txt":
        if form.count > 1:
            raise DataError(f"{path} holds a text a line, and those of {task.task} are pairs: give a table of them.")
        found = read_texts(path, (), form)
    else:
        try:
            found = _of_table(path, task, form)
        except DataError as error:
            raise DataError(f"{error} For --unlabelled a .txt file with a text a line will do, too.") from None
    return [(row, "") if isinstance(row, str) else row for row in found.rows], found.notes


def _of_table(path: Path, task: TaskSettings, form: TextForm) -> Texts:
    table = read_table(path)
    if len(table.names) == 1 and form.count == 1:
        # Whatever it is called; a sentence is no name.
        header = len(table.names[0].split()) == 1
        reading = Reading(header=header)
        return read_texts(path, (read_table(path, reading).names[0],), form, reading=reading)
    named = bool(task.text_columns) and all(name in table.names for name in task.text_columns)
    return read_texts(path, task.text_columns if named else (), form)


def _pairs(split: Split) -> list[tuple[str, str]]:
    return list(zip(split.texts, split.texts_b or ("",) * len(split), strict=True))


def _key(pair: tuple[str, str]) -> tuple[str, ...]:
    return tuple(sorted(map(folded, pair)))
