"""``--words``: a word for each class, which a head begins with in some of the trials."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tune_dml.config import Choice, Value
from tune_dml.data import KnownClasses
from tune_dml.errors import SpaceError, UsageError, nearest, some_of
from tune_dml.recipe import configuration_from, hyperparameters
from tune_dml.recipe.ingredients.head_layers import WORDS
from tune_dml.spaces import Parameter, Space, examples, possible_values

if TYPE_CHECKING:
    from tune_dml.driver.drawing import Drawn

_HEAD = "head"


def class_words(
    space: Space, drawn: Drawn, given: Sequence[str] | Mapping[str, str]
) -> tuple[Space, dict[str, str], tuple[str, ...]]:
    """The space, which has such heads in some of its recipes if words are ``given``, the words by class, and what is to
    be said of them.

    Raises:
        UsageError: a word is of no class, or a class has none; the task has no classes, or no recipe a head.
        SpaceError: the space asks for words, and none are given.
    """
    asked = WORDS in (possible_values(space, _HEAD) or ())
    if not given:
        if asked:
            raise SpaceError(
                f"The search space '{space.name}' has the head '{WORDS}': name a word for each class by --words."
            )
        return space, {}, ()
    if not drawn.kind.target.exclusive:
        raise UsageError(f"A task of the kind '{drawn.kind.name}' has no classes that words could stand for.")
    words = _by_class(given, drawn)
    if not any(configuration_from(row).beta_effective > 0 for row in examples(space)):
        raise UsageError(f"No recipe of the search space '{space.name}' has a head for --words; take one with 'ce'.")
    alike = [name for name in words if list(words.values()).count(words[name]) > 1]
    notes = (f"Classes {some_of(alike)} begin as the same word.",) if alike else ()
    return (space if asked else _with_words(space)), words, notes


def in_order(words: Mapping[str, str], names: Sequence[str]) -> tuple[str, ...]:
    """The words of classes of these names; none where one of them has none."""
    return tuple(words[name] for name in names) if words and all(name in words for name in names) else ()


def _by_class(given: Sequence[str] | Mapping[str, str], drawn: Drawn) -> dict[str, str]:
    names, known = drawn.task.label_names, KnownClasses(drawn.task.name, drawn.task.label_names)
    words: dict[str, str] = {}
    given = [given] if isinstance(given, str) else given
    for name, word in given.items() if isinstance(given, Mapping) else _parts(given, names):
        if not name or not word:
            raise UsageError(f"--words has '{name or word}'; write it like negative=terrible,positive=great.")
        label = known.label(name)
        if label is None:
            raise UsageError(f"--words: {drawn.task.name} has no class '{name}': {nearest(name, names)}")
        if words.setdefault(names[label], word) != word:
            raise UsageError(f"--words gives two words for {names[label]}: {words[names[label]]} and {word}.")
    if without := [name for name in names if name not in words]:
        raise UsageError(f"--words names no word for {some_of(without)}; every class needs one.")
    return {name: words[name] for name in names}


def _parts(given: Sequence[str], names: Sequence[str]) -> list[tuple[str, str]]:
    """Names and words, between commas; a class's own name may have commas and equal signs."""
    own = re.compile(rf"\s*({'|'.join(re.escape(name) for name in sorted(names, key=len, reverse=True))})\s*=", re.I)
    found: list[tuple[str, str]] = []
    for rest in given:
        while rest.strip():
            named = own.match(rest)
            name, equals, rest = (named[1], "=", rest[named.end() :]) if named else rest.partition("=")
            word, _, rest = rest.partition(",")
            found.append((name.strip(), word.strip() if equals else ""))
    return found


def _with_words(space: Space) -> Space:
    """In some of the recipes, so that their worth is seen; the first one both with and without them."""
    usual = hyperparameters()[_HEAD].default
    own = next((parameter for parameter in space.parameters if parameter.name == _HEAD), None)
    constant = space.constants.get(_HEAD, usual)
    options: tuple[Value, ...] = (constant,)
    if own is not None and isinstance(own.domain, Choice):
        options = own.domain.options
    parameter = replace(own or Parameter(_HEAD, Choice(())), domain=Choice((*options, WORDS)))
    rows = list(space.first) or [{}]
    rows[:1] = [{**rows[0], _HEAD: WORDS}, {_HEAD: options[0], **rows[0]}]
    rows[2:] = [{_HEAD: options[0], **row} for row in rows[2:]]
    parameters = tuple(parameter if one.name == _HEAD else one for one in space.parameters)
    if own is None:
        parameters += (parameter,)
    constants = {name: value for name, value in space.constants.items() if name != _HEAD}
    return replace(space, parameters=parameters, constants=constants, first=tuple(rows))
