"""What classes are called, made into texts that can be trained on."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from tune_dml.data.known_tasks import spec_named
from tune_dml.recipe.ingredients.label_texts import GIVEN, WORDINGS

#: By wording, texts with the class of each.
LabelTexts = Mapping[str, tuple[tuple[int, str], ...]]

#: Upper case and so short is a code, such as ENTY; longer names may well be written so.
_CODE = re.compile(r"[A-Z]{1,5}")
#: With or without a word before it: "0", "label_3", "class 2", "LABEL-1".
_NUMBER = re.compile(r"((label|class|category|cat|type|target|topic|y)[ _-]?)?[-+]?\d+(\.\d+)?", re.IGNORECASE)


def spoken_names(task: str, label_names: Sequence[str]) -> tuple[str, ...]:
    """What the classes are called in plain words: a known task's own words for its codes, underscores as spaces."""
    spec = spec_named(task)
    if spec is not None and spec.spoken and tuple(label_names) == spec.label_names:
        return spec.spoken
    return tuple(" ".join(name.replace("_", " ").split()) for name in label_names)


def say_nothing(names: Sequence[str]) -> list[str]:
    """Those of the names that are numbers or codes: no encoder knows more of them than of any other."""
    return [name for name in names if _NUMBER.fullmatch(name) or _CODE.fullmatch(name) or not re.search(r"\w", name)]


def label_texts(names: Sequence[str], taken: Collection[str]) -> dict[str, tuple[tuple[int, str], ...]]:
    """A text of each class in each wording.

    Args:
        names: In plain words.
        taken: Texts that are shots or will be scored: there is no copy of them.
    """
    made = {
        wording: tuple((label, text.format_map({"name": name})) for label, name in enumerate(names))
        for wording, text in WORDINGS.items()
    }
    return {wording: tuple(pair for pair in texts if pair[1] not in taken) for wording, texts in made.items()}


def label_texts_from(values: object, classes: int) -> dict[str, tuple[tuple[int, str], ...]]:
    """What :func:`label_texts` gave, as a file has it.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(values, Mapping):
        raise ValueError("label_texts are no mapping")
    found = {}
    for wording, pairs in values.items():
        if wording not in (*WORDINGS, GIVEN) or not isinstance(pairs, list | tuple):
            raise ValueError("label_texts are not in a wording")
        if not all(isinstance(pair, list | tuple) and _is_one(tuple(pair), classes) for pair in pairs):
            raise ValueError("label_texts are not those of classes")
        found[str(wording)] = tuple((pair[0], pair[1]) for pair in pairs)
    return found


def _is_one(pair: tuple[object, ...], classes: int) -> bool:
    if len(pair) != 2 or type(pair[0]) is not int or not isinstance(pair[1], str):
        return False
    return 0 <= pair[0] < classes
