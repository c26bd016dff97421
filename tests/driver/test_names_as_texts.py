"""Texts of the classes' names, and given ones, in what a search prepares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from prepared_search import prepared, write

from tune_dml.data import load_task
from tune_dml.driver.drawing import draw_data
from tune_dml.driver.names_as_texts import label_texts_again
from tune_dml.driver.options import draw_settings, task_settings
from tune_dml.driver.request import SearchRequest
from tune_dml.errors import ConfigurationError, DataError, SpaceError, UsageError
from tune_dml.spaces import complete, possible_values
from tune_dml.training.workload import resolve

NAMED = (
    "loss: ce\nepochs: 2\n"
    "label_texts:\n  wording: {choices: [none, sentence, name]}\n"
    "  copies: {int: [1, 3], when: {label_texts/wording: [sentence, name]}}\n"
)


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    return write(tmp_path / "mail.csv", {"ham": 20, "spam": 20})


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "texts.csv"
    path.write_text(
        "class,text\nham,from a friend\nspam,an offer\nspam,a prize\nham,meeting lunch project report number 3\n"
    )
    return str(path)


def space(tmp_path: Path, text: str = NAMED) -> str:
    path = tmp_path / "space.yaml"
    path.write_text(text)
    return str(path)


def test_texts_of_the_classes_names_follow_the_shots(mail: Path, tmp_path: Path) -> None:
    found = prepared(mail, space=space(tmp_path))
    work = found.workload
    assert (work.shots, len(work.labels), len(work.tokens)) == (40, 48, 48)
    assert found.about.label_texts["sentence"] == ((0, "This sentence is ham"), (1, "This sentence is spam"))
    assert len(found.about.labels) == len(found.about.hashes) == 40
    on = resolve({"loss": "ce", "label_texts/copies": 3, "label_texts/wording": "name"})
    rows = np.arange(5, dtype=np.int64)
    examples = work.examples(on, rows)
    assert (len(examples), examples.anchors) == (5 + 2 * 3, None)
    assert examples.targets[5:].tolist() == [0, 1] * 3
    assert examples.copies is not None
    off = work.examples(resolve({"loss": "ce", "label_texts/copies": 3}), rows)
    assert (len(off), off.copies) == (5, None)
    assert len(work.examples()) == 40


def test_anchors_are_beside_what_is_trained_on(mail: Path, tmp_path: Path) -> None:
    work = prepared(mail, space=space(tmp_path)).workload
    on = {"loss": "ce", "label_texts/wording": "name", "label_texts/copies": 0, "label_texts/anchors": 5}
    examples = work.examples(resolve(on), np.arange(5, dtype=np.int64))
    assert (len(examples), examples.copies) == (5, None)
    assert examples.anchors is not None
    assert (examples.anchors.targets.tolist(), examples.anchors.weight) == ([0, 1], 5)
    assert len(examples.anchors.tokens) == 2


@pytest.mark.parametrize("names", [("0", "1"), ("ABC", "money")])
def test_names_that_say_nothing_are_no_texts(names: tuple[str, str], tmp_path: Path) -> None:
    data = write(tmp_path / "mail.csv", dict.fromkeys(names, 20))
    found = prepared(data, space=space(tmp_path))
    assert any(note.startswith(f"Classes called '{names[0]}'") for note in found.about.notes)
    assert found.about.label_texts == {}
    assert found.space.constants["label_texts/wording"] == "none"
    assert all(not parameter.name.startswith("label_texts") for parameter in found.space.parameters)
    assert len(found.workload.labels) == 40


def test_a_space_without_them_has_none(mail: Path) -> None:
    found = prepared(mail)
    assert found.about.label_texts == {}
    assert len(found.workload.labels) == 40


def test_what_is_not_there_cannot_be_had(mail: Path) -> None:
    work = prepared(mail).workload
    on = resolve({"loss": "ce", "label_texts/wording": "about"})
    for rows in (None, np.arange(5, dtype=np.int64)):
        with pytest.raises(ConfigurationError, match="none here in the wording 'about'"):
            work.examples(on, rows)


def test_given_texts_are_tried_beside_none(mail: Path, file: str) -> None:
    found = prepared(mail, label_texts=file)
    texts = ((0, "from a friend"), (1, "an offer"), (1, "a prize"))
    assert found.about.label_texts == {"given": texts}
    # The fourth is a shot.
    assert any("1 of the texts of" in note and "left out" in note for note in found.about.notes)
    assert possible_values(found.space, "label_texts/wording") == ("none", "given")
    first = [complete(row, found.space) for row in found.space.first[:3]]
    assert [row["label_texts/wording"] for row in first] == ["none", "given", "none"]
    assert [row.get("label_texts/copies") for row in first] == [None, 8, None]
    assert {**first[0], "label_texts/wording": "given", "label_texts/copies": 8} == first[1]
    on = resolve({"loss": "ce", "label_texts/wording": "given", "label_texts/copies": 2})
    assert found.workload.examples(on).targets[40:].tolist() == [0, 1, 1] * 2


def test_given_texts_take_the_place_of_names(mail: Path, file: str, tmp_path: Path) -> None:
    found = prepared(mail, label_texts=file, space=space(tmp_path)).space
    assert possible_values(found, "label_texts/wording") == ("none", "given")
    [copies] = [parameter for parameter in found.parameters if parameter.name == "label_texts/copies"]
    assert copies.when == {"label_texts/wording": ("given",)}
    always = NAMED.replace("[none, ", "[")
    found = prepared(mail, label_texts=file, space=space(tmp_path, always)).space
    assert found.constants["label_texts/wording"] == "given"
    assert possible_values(found, "label_texts/copies") is None


def test_given_texts_of_codes_need_no_names(tmp_path: Path) -> None:
    data, file = write(tmp_path / "mail.csv", {"0": 20, "1": 20}), tmp_path / "texts.csv"
    file.write_text("class,text\n0,bad\n1,good\n")
    assert prepared(data, label_texts=str(file)).about.label_texts == {"given": ((0, "bad"), (1, "good"))}


def test_a_class_whose_texts_are_all_shots_is_named(mail: Path, tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("class,text\nham,from a friend\nspam,meeting lunch project report number 3\n")
    with pytest.raises(DataError, match="the texts of 'spam' are shots or will be scored"):
        prepared(mail, label_texts=str(path))


def test_classes_of_one_name_have_no_texts(tmp_path: Path) -> None:
    data = write(tmp_path / "mail.csv", {"credit_card": 20, "credit card": 20})
    found = prepared(data, space=space(tmp_path))
    assert found.about.label_texts == {}
    assert "Several classes are called 'credit card': label_texts are left out." in found.about.notes


def test_a_space_that_needs_the_file_says_so(mail: Path, tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match="wording 'given': give the texts by --label-texts"):
        prepared(mail, space=space(tmp_path, "loss: ce\nlabel_texts: {wording: given}\n"))


def test_a_task_without_classes_refuses_the_file(file: str, tmp_path: Path) -> None:
    data = tmp_path / "both.csv"
    data.write_text("text,label\n" + "".join(f"text {i},{'ham' if i % 2 else 'spam;ham'}\n" for i in range(40)))
    with pytest.raises(UsageError, match=r"'multilabel' has no classes .* leave --label-texts out"):
        prepared(data, kind="multilabel", label_texts=file)


def test_other_data_have_the_texts_of_classes_of_the_same_name(tmp_path: Path) -> None:
    data = write(tmp_path / "other.csv", {"ant": 9, "spam": 9})
    request = SearchRequest(task="other", data=str(data), shots="full", no_test=True, folds=2)
    drawn = draw_data(load_task(task_settings(request)), draw_settings(request))
    given = {"given": ((0, "from a friend"), (1, "an offer"))}
    assert label_texts_again(given, ("ham", "spam"), drawn) == {"given": ((1, "an offer"),)}
    assert label_texts_again({}, ("ham", "spam"), drawn) == {}
    with pytest.raises(DataError, match="label texts say nothing of the classes of other"):
        label_texts_again(given, ("ham", "eggs"), drawn)
    assert label_texts_again({"name": ()}, ("ham", "spam"), drawn)["name"] == ((0, "ant"), (1, "spam"))
