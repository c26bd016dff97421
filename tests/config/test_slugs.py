"""Names of folders and models out of whatever a user calls a thing."""

from __future__ import annotations

import pytest

from tune_dml.config import ascii_slug, distinct_slug, slug


@pytest.mark.parametrize(
    "name", ["SST2", "my-intents_v1.2", "训练", "हिन्दी", "ภาษาไทย", "Größe", "ΔΕΛΤΑ", "عربي", "٤٢"]
)
def test_letters_of_any_script_are_kept(name):
    assert slug(name) == distinct_slug(name) == name


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("hub:org/my task", "hub-org-my-task"),
        ("a - b", "a---b"),
        ("..", ""),
        ("🙂", ""),
        ("con.", "con"),
        ("e\u0301te\u0301", "été"),
        ("\u200eabc\u202e", "abc"),
        ("a\udcffb", "a-b"),
        ("x" * 300, "x" * 100),
        ("训" * 300, "训" * 33),
    ],
)
def test_what_can_name_no_folder_goes(words, kept):
    assert slug(words) == kept


MET = [
    ["", " ", ".", "..", "🙂", "🙃", "-", "---", "?", "\u200e"],
    ["a b", "a-b", "a/b", "a:b", "a-b.", ".a-b", "-a-b", "a  b", "a\tb", "a'b", "a\u200bb", "a\udcffb"],
    ["été", "e\u0301te\u0301", "été\u200c"],
    ["x" * 100, "x" * 101, "x" * 102, "x" * 5000],
    ["训" * 33, "训" * 34, "训" * 35],
]


@pytest.mark.parametrize("names", MET, ids=repr)
def test_names_that_differ_in_what_is_dropped_stay_apart(names):
    made = [distinct_slug(name) for name in names]
    assert len({name.casefold() for name in made}) == len(names)
    for name in made:
        assert len(name.encode()) <= 100
        assert slug(name) == name, "it is a name as it stands"
    assert made == [distinct_slug(name) for name in names]


def test_the_digest_is_the_same_on_every_machine():
    assert distinct_slug("a b") == "a-b-c8687a"


def test_names_for_what_takes_ascii_alone():
    assert ascii_slug("sst2-50") == "sst2-50"
    made = {ascii_slug("训练-20"), ascii_slug("测试-20"), ascii_slug("🙂")}
    assert len(made) == 3
    assert all(name.isascii() and slug(name) == name for name in made)
