"""Texts made of the classes' names, for a search whose space has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tune_dml.data import LabelTexts, Split, label_texts, say_nothing, spoken_names
from tune_dml.recipe import INGREDIENTS
from tune_dml.spaces import Space, fixed, possible_values

if TYPE_CHECKING:
    from tune_dml.driver.drawing import Drawn

_COPIES = "label_texts/copies"
#: Names listed in a sentence.
_LISTED = 5


def named_classes(space: Space, drawn: Drawn) -> tuple[Space, LabelTexts, tuple[str, ...]]:
    """The texts that a space asks for; the space without them where they would say nothing, and what is to be said."""
    asked = possible_values(space, _COPIES)
    if asked is not None and not any(asked):
        return space, {}, ()
    task, kind = drawn.task, drawn.kind
    if not kind.target.exclusive or drawn.split.texts_b is not None:
        why = f"A task of the kind '{kind.name}' has no classes whose names could stand for texts"
        return _without(space), {}, (f"{why}: label_texts are left out.",)
    names = spoken_names(task.name, task.label_names)
    if nothing := say_nothing(names):
        listed = ", ".join(f"'{name}'" for name in nothing[:_LISTED]) + (", ..." if len(nothing) > _LISTED else "")
        return _without(space), {}, (f"Classes called {listed} say nothing: label_texts are left out.",)
    return space, texts_of_names(drawn), ()


def texts_of_names(drawn: Drawn) -> LabelTexts:
    """A text of each class in each wording, but for those that are shots or will be scored; none where a name says
    nothing."""
    task = drawn.task
    names = spoken_names(task.name, task.label_names)
    if say_nothing(names):
        return {}
    taken = {*drawn.split.texts, *(text for split in (task.validation, task.test) if split for text in split.texts)}
    return label_texts(names, taken)


def _without(space: Space) -> Space:
    for name, value in INGREDIENTS["label_texts"].defaults.items():
        if possible_values(space, f"label_texts/{name}") != ():
            space = fixed(space, f"label_texts/{name}", value)
    return space


def with_label_texts(split: Split, named: LabelTexts) -> tuple[Split, dict[str, npt.NDArray[np.int64]]]:
    """The shots, and after them the texts; and where those of each wording are."""
    pairs = [pair for texts in named.values() for pair in texts]
    if not pairs:
        return split, {}
    classes = np.array([label for label, _ in pairs], dtype=split.labels.dtype)
    whole = Split((*split.texts, *(text for _, text in pairs)), None, np.concatenate([split.labels, classes]), None)
    ends = len(split) + np.cumsum([0, *(len(texts) for texts in named.values())])
    return whole, {wording: np.arange(ends[i], ends[i + 1], dtype=np.int64) for i, wording in enumerate(named)}
