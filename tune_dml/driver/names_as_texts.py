"""Texts made of the classes' names, or that the user gives for each class, for a search whose space has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tune_dml.config import Choice, Value, absolute_path
from tune_dml.data import LabelTexts, Split, label_texts, read_class_texts, say_nothing, spoken_names
from tune_dml.errors import DataError, SpaceError, UsageError, some_of
from tune_dml.recipe.ingredients.label_texts import GIVEN, OFF
from tune_dml.spaces import Parameter, Space, fixed, possible_values

if TYPE_CHECKING:
    from tune_dml.driver.drawing import Drawn

_WORDING, _COPIES, _ANCHORS = "label_texts/wording", "label_texts/copies", "label_texts/anchors"
#: Of a space that says nothing of them, where the user gives a file.
_USUAL_COPIES = Choice((4, 8))


def named_classes(space: Space, drawn: Drawn, file: str | None = None) -> tuple[Space, LabelTexts, tuple[str, ...]]:
    """The texts that a space asks for; the space without them where they would say nothing, and what is to be said.

    Args:
        file: Of texts for each class; the space then has these, whatever it said of names.

    Raises:
        UsageError: there is a file, and the task has no classes, or its texts are pairs.
        SpaceError: the space asks for the texts of a file, and there is none.
        DataError: as of :func:`tune_dml.data.read_class_texts`, or a class has none but shots and what will be scored.
    """
    asked = tuple(wording for wording in possible_values(space, _WORDING) or () if wording != OFF)
    task, kind = drawn.task, drawn.kind
    if not asked and file is None:
        return space, {}, ()
    if not kind.target.exclusive or drawn.split.texts_b is not None:
        why = f"A task of the kind '{kind.name}' has no classes whose names could stand for texts"
        if file is not None:
            raise UsageError(f"{why}; leave --label-texts out.")
        return _without(space), {}, (f"{why}: label_texts are left out.",)
    if file is not None:
        pairs = read_class_texts(absolute_path(file), task.name, task.label_names)
        kept = tuple(pair for pair in pairs if pair[1] not in _taken(drawn))
        gone = len(pairs) - len(kept)
        left = {label for label, _ in kept}
        if without := [name for label, name in enumerate(task.label_names) if label not in left]:
            raise DataError(
                f"{file}: the texts of {some_of(without)} are shots or will be scored, and are left out; every class "
                "needs another one."
            )
        notes = (f"{gone} of the texts of {file} are shots or will be scored; they are left out.",) if gone else ()
        return _with_given(space, asked), {GIVEN: kept}, notes
    if GIVEN in asked:
        raise SpaceError(f"The search space '{space.name}' has the wording '{GIVEN}': give the texts by --label-texts.")
    names = spoken_names(task.name, task.label_names)
    if alike := sorted({name for name in names if names.count(name) > 1}):
        return _without(space), {}, (f"Several classes are called {some_of(alike)}: label_texts are left out.",)
    if nothing := say_nothing(names):
        return _without(space), {}, (f"Classes called {some_of(nothing)} say nothing: label_texts are left out.",)
    return space, texts_of_names(drawn), ()


def texts_of_names(drawn: Drawn) -> LabelTexts:
    """A text of each class in each wording, but for those that are shots or will be scored; none where a name says
    nothing."""
    task = drawn.task
    names = spoken_names(task.name, task.label_names)
    return {} if say_nothing(names) or len(set(names)) < len(names) else label_texts(names, _taken(drawn))


def label_texts_again(texts: LabelTexts, names: Sequence[str], drawn: Drawn) -> LabelTexts:
    """Those of classes called ``names``, for other labelled texts: of their own classes' names, and of given ones those
    of classes of the same name.

    Raises:
        DataError: there is none of these.
    """
    if GIVEN not in texts:
        return texts_of_names(drawn) if texts else {}
    place, taken = {name: label for label, name in enumerate(drawn.task.label_names)}, _taken(drawn)
    kept = ((place[names[label]], text) for label, text in texts[GIVEN] if names[label] in place and text not in taken)
    found = tuple(kept)
    if not found:
        raise DataError(f"The recipe's label texts say nothing of the classes of {drawn.task.name}, or are its shots.")
    return {GIVEN: found}


def _taken(drawn: Drawn) -> set[str]:
    """Texts that are shots or will be scored."""
    scored = (split for split in (drawn.task.validation, drawn.task.test) if split)
    return {*drawn.split.texts, *(text for split in scored for text in split.texts)}


def _with_given(space: Space, asked: Sequence[Value]) -> Space:
    """``space`` with the texts of a file where it has any; where it says nothing of that also without them, so that
    their worth is seen."""
    when = {_WORDING: (GIVEN,)}
    kept = {
        parameter.name: replace(parameter, when={**parameter.when, **when}) if _WORDING in parameter.when else parameter
        for parameter in space.parameters
    }
    if asked and OFF not in (possible_values(space, _WORDING) or ()):
        return fixed(replace(space, parameters=tuple(kept.values())), _WORDING, GIVEN)
    kept[_WORDING] = replace(kept.get(_WORDING, Parameter(_WORDING, Choice(()))), domain=Choice((OFF, GIVEN)))
    usual: dict[str, Value] = {_WORDING: GIVEN}
    # An empty tuple: the space says nothing of it.
    if possible_values(space, _COPIES) == () == possible_values(space, _ANCHORS):
        kept[_COPIES] = Parameter(_COPIES, _USUAL_COPIES, when)
        usual[_COPIES] = _USUAL_COPIES.options[-1]
    constants = {name: value for name, value in space.constants.items() if name != _WORDING}
    return replace(space, parameters=tuple(kept.values()), constants=constants, first=_first(space, usual))


def _first(space: Space, usual: Mapping[str, Value]) -> tuple[dict[str, Value], ...]:
    """The first recipe without the texts, and once more with them as is ``usual``; of the others those that had texts
    of names have the given ones."""
    rows: list[dict[str, Value]] = []
    for row in map(dict, space.first):
        wording = row.get(_WORDING, OFF)
        rows.append({**row, _WORDING: OFF if wording == OFF else GIVEN})
        if len(rows) == 1 and wording == OFF:
            rows.append({**row, **usual})
    return tuple(rows)


def _without(space: Space) -> Space:
    space = fixed(space, _WORDING, OFF)
    gone = (_COPIES, _ANCHORS)
    constants = {name: value for name, value in space.constants.items() if name not in gone}
    first = tuple({name: value for name, value in row.items() if name not in gone} for row in space.first)
    kept = tuple(parameter for parameter in space.parameters if parameter.name not in gone)
    return replace(space, constants=constants, parameters=kept, first=first)


def with_label_texts(split: Split, named: LabelTexts) -> tuple[Split, dict[str, npt.NDArray[np.int64]]]:
    """The shots, and after them the texts; and where those of each wording are."""
    pairs = [pair for texts in named.values() for pair in texts]
    if not pairs:
        return split, {}
    classes = np.array([label for label, _ in pairs], dtype=split.labels.dtype)
    whole = Split((*split.texts, *(text for _, text in pairs)), None, np.concatenate([split.labels, classes]), None)
    ends = len(split) + np.cumsum([0, *(len(texts) for texts in named.values())])
    return whole, {wording: np.arange(ends[i], ends[i + 1], dtype=np.int64) for i, wording in enumerate(named)}
