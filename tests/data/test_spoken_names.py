"""Texts made of the classes' names."""

from __future__ import annotations

from typing import Any

import pytest

from tune_dml.data import TASKS, label_texts, label_texts_from, say_nothing, spoken_names
from tune_dml.recipe.ingredients.label_texts import WORDINGS


def test_a_text_of_each_class_in_each_wording() -> None:
    found = label_texts(("sports", "{name} & co"), ())
    assert set(found) == set(WORDINGS)
    assert found["sentence"] == ((0, "This sentence is sports"), (1, "This sentence is {name} & co"))
    assert found["name"] == ((0, "sports"), (1, "{name} & co"))


def test_what_is_a_shot_or_will_be_scored_is_left_out() -> None:
    found = label_texts(("sports", "money"), {"money", "This text is about sports."})
    assert found["name"] == ((0, "sports"),)
    assert found["about"] == ((1, "This text is about money."),)
    assert len(found["sentence"]) == 2


@pytest.mark.parametrize(
    ("task", "names", "spoken"),
    [
        ("trec", TASKS["TREC"].label_names, ("abbreviation", "description", "entity", "person", "location", "number")),
        ("TREC", ("a_kind", "another"), ("a kind", "another")),
        ("mine", ("not_spam", " spam_ "), ("not spam", "spam")),
        ("SST2", ("negative", "positive"), ("negative", "positive")),
    ],
)
def test_names_in_plain_words(task: str, names: tuple[str, ...], spoken: tuple[str, ...]) -> None:
    assert spoken_names(task, names) == spoken


@pytest.mark.parametrize(
    "name", ["0", "-1", "1.0", "label_3", "class 2", "LABEL-1", "Topic 7", "ENTY", "HUM", "A", "?!"]
)
def test_numbers_and_codes_say_nothing(name: str) -> None:
    assert say_nothing(["sports", name]) == [name]


@pytest.mark.parametrize(
    "name", ["sports", "Sports", "very negative", "SPORTS", "C++ help", "4 stars", "体育", "top 10 lists"]
)
def test_words_say_something(name: str) -> None:
    assert say_nothing([name]) == []


def test_every_known_task_of_single_texts_has_words() -> None:
    for spec in TASKS.values():
        assert not say_nothing(spoken_names(spec.name, spec.label_names)), spec.name
        assert len(spec.spoken) in (0, len(spec.label_names))


def test_read_back() -> None:
    made = label_texts(("sports", "money"), ())
    assert label_texts_from({w: [list(pair) for pair in pairs] for w, pairs in made.items()}, 2) == made
    assert label_texts_from({}, 2) == {}
    assert label_texts_from({"given": [[0, "a"], [0, "b"]]}, 2) == {"given": ((0, "a"), (0, "b"))}


@pytest.mark.parametrize(
    "values",
    [
        [],
        {"sentence": 3},
        {"sentence": [[2, "a"]]},
        {"sentence": [[True, "a"]]},
        {"sentence": [[0, 1]]},
        {"sentence": [["a"]]},
        {"sentence": "ab"},
        {"else": []},
    ],
)
def test_anything_else_is_damage(values: Any) -> None:
    with pytest.raises(ValueError, match="label_texts"):
        label_texts_from(values, 2)
