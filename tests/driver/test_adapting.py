"""Masked-LM steps before a search, and words of classes: what is asked, what is kept, what is refused."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from encoder_zoo import FAMILIES, make_encoder
from prepared_search import prepared, write
from rich.console import Console

from tune_dml.config import DrawSettings, TaskSettings
from tune_dml.data import Split, load_task
from tune_dml.driver.adapting import ABOUT, FOLDER
from tune_dml.driver.drawing import draw_data
from tune_dml.driver.preparation import prepare_again
from tune_dml.driver.prepared import Prepared
from tune_dml.driver.unlabelled import unlabelled_texts
from tune_dml.driver.words_of_classes import in_order
from tune_dml.errors import DataError, ResultsError, SpaceError, TuneDMLError, UsageError
from tune_dml.reporting.output import Output
from tune_dml.results.search_file import SearchFile
from tune_dml.spaces import possible_values

SPACE = "loss: ce\nlr: 1.0e-4\nfirst:\n  - {lr: 1.0e-4}\n"


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    return write(tmp_path / "mail.csv", {"ham": 30, "spam": 30})


@pytest.fixture
def space(tmp_path: Path) -> str:
    (tmp_path / "space.yaml").write_text(SPACE)
    return str(tmp_path / "space.yaml")


def _again(about: SearchFile) -> tuple[Prepared, str]:
    """Prepared as a search is that goes on: nothing is left out."""
    said = io.StringIO()
    return prepare_again(about, Output(Console(file=said, width=400))), said.getvalue()


def test_a_task_s_own_training_texts_are_taken_and_no_test_text() -> None:
    task = load_task(TaskSettings("bbc"))
    drawn = draw_data(task, DrawSettings(shots=20))
    found = unlabelled_texts(drawn, TaskSettings("bbc"), None)
    assert set(found.texts) == set(task.train.texts)
    assert task.test is not None
    assert not set(found.texts) & set(task.test.texts)
    assert (found.where, found.notes) == ("the training texts of bbc", ())
    # However they are written.
    seen = tuple(f" {text.upper()}" for text in task.train.texts[:5])
    leaking = replace(drawn, task=replace(task, test=Split(seen, None, task.train.labels[:5], None)))
    left = unlabelled_texts(leaking, TaskSettings("bbc"), None)
    assert set(left.texts) == set(task.train.texts[5:])
    assert left.notes == ("5 of the texts for masked-LM steps are in the test or validation split, and left out.",)


def test_of_one_s_own_data_it_is_the_shots_or_a_file(mail: Path, tmp_path: Path) -> None:
    settings = TaskSettings("mine", data=str(mail), no_test=True)
    drawn = draw_data(load_task(settings), DrawSettings(shots=40))
    assert set(unlabelled_texts(drawn, settings, None).texts) == set(drawn.split.texts)
    few = draw_data(load_task(settings), DrawSettings(shots=20))
    with pytest.raises(DataError, match=r"There are 20 different texts for masked-LM steps .* and 32 are the least"):
        unlabelled_texts(few, settings, None)
    lines = tmp_path / "more.txt"
    lines.write_text("\n".join(f"mail number {i % 35}" for i in range(80)) + "\n\n")
    found = unlabelled_texts(few, settings, str(lines))
    assert found.words == "35 texts without labels (more.txt)"
    assert unlabelled_texts(few, settings, str(lines)).sha256 == found.sha256
    lines.write_text("one\n" * 50)
    with pytest.raises(DataError, match=r"There are 1 different texts .*more.txt.*add more to it"):
        unlabelled_texts(few, settings, str(lines))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"adapt_mlm": 0}, "--adapt-mlm is 0; it must be 1 to 1,000,000"),
        ({"unlabelled": "more.txt"}, "--unlabelled is for masked-LM steps; say how many with --adapt-mlm N"),
        ({"adapt_mlm": 5, "unlabelled": "/nowhere.txt"}, "There is no file /nowhere.txt"),
        ({"words": ("ham=nice",)}, "--words names no word for 'spam'; every class needs one"),
        ({"words": ("ham=nice,spam",)}, "--words has 'spam'; write it like negative=terrible,positive=great"),
        ({"words": ("ham=nice,spann=bad",)}, "--words: mine has no class 'spann': did you mean 'spam'"),
        ({"words": ("ham=nice,spam=bad", "spam=awful")}, "--words gives two words for spam: bad and awful"),
    ],
)
def test_what_cannot_be_is_said(options: dict[str, Any], says: str, mail: Path) -> None:
    with pytest.raises(TuneDMLError, match=says):
        prepared(mail, **options)


def test_words_stand_in_some_recipes_of_a_space(mail: Path, space: str) -> None:
    found = prepared(mail, space=space, words=("HAM = nice, Spam=win money",))
    assert found.about.words == {"ham": "nice", "spam": "win money"}
    assert possible_values(found.space, "head") == ("linear", "words")
    assert [row["head"] for row in found.space.first] == ["words", "linear"]
    head = found.workload.encoder.word_head
    assert head is not None
    assert head.rows is not None
    assert head.rows.shape == (2, 128)
    assert prepared(mail, space=space, words={"ham": "nice", "spam": "nice"}).about.notes[-1] == (
        "Classes 'ham', 'spam' begin as the same word."
    )
    assert in_order(found.about.words, ("spam", "ham")) == ("win money", "nice")
    assert in_order(found.about.words, ("spam", "other")) == ()
    Path(space).write_text(SPACE.replace("loss: ce", "loss: ce\nhead: words"))
    assert prepared(mail, space=space, words=("ham=nice,spam=bad",)).space.constants["head"] == "words"
    Path(space).write_text("loss: supcon\nbeta: 0.0\n")
    with pytest.raises(UsageError, match="No recipe of the search space 'space' has a head for --words"):
        prepared(mail, space=space, words=("ham=nice,spam=bad",))
    Path(space).write_text(SPACE.replace("loss: ce", "loss: ce\nhead: words"))
    with pytest.raises(SpaceError, match="has the head 'words': name a word for each class by --words"):
        prepared(mail, space=space)


def test_a_dry_run_times_the_steps_and_leaves_nothing(mail: Path, space: str) -> None:
    found = prepared(mail, space=space, adapt_mlm=1000)
    assert found.adapting_seconds > 1
    assert not (mail.parent / FOLDER).exists()
    assert any("1000 masked-LM steps on 60 texts" in note for note in found.about.notes)


def test_an_encoder_is_adapted_once_and_found_again(mail: Path, space: str) -> None:
    about = prepared(mail, space=space, adapt_mlm=10).about
    first, said = _again(about)
    assert "adapting: step 10 of 10, loss" in said
    [kept] = (mail.parent / FOLDER).iterdir()
    plain = prepared(mail, space=space).workload.encoder
    encoder = first.workload.encoder
    assert encoder.base_sha256 == plain.sha256 == about.encoder_sha256
    name = next(name for name in plain.state if "layer.0" in name and name.endswith("query.weight"))
    assert np.abs(encoder.state[name] - plain.state[name]).max() > 1e-5
    again, said = _again(about)
    assert f"adapting: taken from {kept}" in said
    assert again.workload.encoder.sha256 == encoder.sha256
    other, _ = _again(prepared(mail, space=space, adapt_mlm=11).about)
    assert other.workload.encoder.sha256 != encoder.sha256
    assert prepared(mail, space=space, adapt_mlm=10).adapting_seconds == 0


def test_names_of_classes_may_have_commas_and_equal_signs(tmp_path: Path, space: str) -> None:
    data = tmp_path / "odd.jsonl"
    names = ("a=b, c", "d, e")
    data.write_text("".join(json.dumps({"text": f"text {i}", "label": names[i % 2]}) + "\n" for i in range(20)))
    for words in (("a=b, c=one,d, e=two",), ("d, e=two", "a=b, c=one"), {"a=b, c": "one", "d, e": "two"}):
        assert prepared(data, space=space, words=words).about.words == {"a=b, c": "one", "d, e": "two"}


def test_an_encoder_that_cannot_guess_words_is_refused(mail: Path, space: str) -> None:
    encoder = make_encoder(mail.parent / "bert", FAMILIES["BERT"])
    settings = encoder / "tokenizer_config.json"
    values = json.loads(settings.read_text())
    settings.write_text(json.dumps({name: value for name, value in values.items() if name != "mask_token"}))
    with pytest.raises(TuneDMLError, match="has no mask token for masked-LM steps; leave --adapt-mlm out"):
        prepared(mail, encoder=str(encoder), space=space, adapt_mlm=5)


def test_words_are_for_classes(tmp_path: Path) -> None:
    data = tmp_path / "tags.jsonl"
    labels = ('["a"]', '["a", "b"]')
    data.write_text("".join(f'{{"text": "text {i}", "label": {labels[i % 2]}}}\n' for i in range(20)))
    with pytest.raises(UsageError, match="A task of the kind 'multilabel' has no classes that words could stand for"):
        prepared(data, kind="multilabel", words=("a=one,b=two",))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lines.txt", "{rows}"),
        ("named.csv", "body\n{rows}"),
        ("other.csv", "sentence\n{rows}"),
        ("bare.csv", "{rows}"),
        ("more.csv", "text,n\n{numbered}"),
    ],
)
def test_a_file_of_texts_need_not_be_called_as_the_labelled_ones(name: str, content: str, tmp_path: Path) -> None:
    data, file = tmp_path / "own.csv", tmp_path / name
    data.write_text("body,mood\n" + "".join(f"a text {i},{'good' if i % 2 else 'bad'}\n" for i in range(20)))
    settings = TaskSettings("own", data=str(data), text_columns=("body",), label_column="mood", no_test=True)
    drawn = draw_data(load_task(settings), DrawSettings(shots=10))
    rows = [f"when do you open on day {i}" for i in range(40)]
    numbered = "\n".join(f"{row},{i}" for i, row in enumerate(rows))
    file.write_text(content.format(rows="\n".join(rows), numbered=numbered) + "\n")
    assert unlabelled_texts(drawn, settings, str(file)).texts == tuple(rows)


def test_pairs_are_of_a_table_and_the_same_either_way_round(tmp_path: Path) -> None:
    data, file = tmp_path / "pairs.csv", tmp_path / "more.csv"
    data.write_text("text_a,text_b,label\n" + "".join(f"one {i},two {i},{'ab'[i % 2]}\n" for i in range(40)))
    settings = TaskSettings("pairs", data=str(data), no_test=True)
    drawn = draw_data(load_task(settings), DrawSettings(shots=10))
    file.write_text("text_a,text_b\n" + "".join(f"x{i},y\ny,x{i}\n" for i in range(35)))
    found = unlabelled_texts(drawn, settings, str(file))
    assert found.texts == tuple(f"x{i}" for i in range(35))
    (tmp_path / "lines.txt").write_text("one\n")
    with pytest.raises(DataError, match="those of pairs are pairs: give a table of them"):
        unlabelled_texts(drawn, settings, str(tmp_path / "lines.txt"))
    with pytest.raises(DataError, match=r"For --unlabelled a \.txt file with a text a line will do, too"):
        unlabelled_texts(drawn, settings, str(tmp_path / "gone.csv"))


def test_what_is_damaged_or_changed_is_made_again(mail: Path, space: str) -> None:
    about = prepared(mail, space=space, adapt_mlm=6).about
    sha256 = _again(about)[0].workload.encoder.sha256
    [kept] = (mail.parent / FOLDER).iterdir()
    assert json.loads((kept / ABOUT).read_text())["steps"] == 6
    weights = (kept / "model.safetensors").read_bytes()
    changed = bytearray(weights)
    changed[-4:] = b"\x00\x00\x80\x3f"
    for content in (weights[:500], bytes(changed)):
        (kept / "model.safetensors").write_bytes(content)
        # A dry run counts the steps, and leaves what is there.
        assert prepared(mail, space=space, adapt_mlm=6).adapting_seconds > 0
        assert (kept / "model.safetensors").read_bytes() == content
        found, said = _again(about)
        assert "is damaged or has been changed; its masked-LM steps are done again" in said
        assert found.workload.encoder.sha256 == sha256
    # What is kept needs no texts.
    file = mail.parent / "more.txt"
    file.write_text("".join(f"text {i}\n" for i in range(40)))
    about = prepared(mail, space=space, adapt_mlm=6, unlabelled=str(file)).about
    first = _again(about)[0].workload.encoder.sha256
    file.unlink()
    assert _again(about)[0].workload.encoder.sha256 == first
    shutil.rmtree(mail.parent / FOLDER)
    file.write_text("".join(f"other {i}\n" for i in range(40)))
    with pytest.raises(ResultsError, match=r"The texts of the masked-LM steps \(more.txt\) have changed"):
        _again(about)
