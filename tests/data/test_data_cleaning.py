"""What is dropped, what is counted, and that test labels decide nothing."""

import numpy as np
import pytest

from tune_dml.data import per_class


def _csv(*rows):
    return "text,label\n" + "".join(f"{text},{label}\n" for text, label in rows)


TRAIN = (
    [(f"train {i}", "xy"[i % 2]) for i in range(12)]
    + [(" Train  0 ", "x"), ("TRAIN 1", "y"), ("both", "x"), ("Both", "y"), ("both", "x"), ("", "x"), ("  ", "y")]
    + [("copy", "x"), ("in validation", "y")]
)
TEST = [("COPY", "y"), ("t1", "x"), ("t1", "x"), ("t2", "y"), ("t2", "x"), ("", "x")]


@pytest.fixture
def folder(write, tmp_path):
    write("train.csv", _csv(*TRAIN))
    write("validation.csv", _csv(("in  validation", "x"), ("v", "y")))
    write("test.csv", _csv(*TEST))
    return tmp_path


def test_what_is_dropped_and_said(folder, load):
    task = load(folder)
    assert task.train.texts == tuple(f"train {i}" for i in range(12))
    assert task.test.texts == ("COPY", "t1", "t1", "t2", "t2")
    assert task.validation.texts == ("in  validation", "v")
    assert task.notes == (
        "2 empty texts dropped from the train split.",
        "1 empty text dropped from the test split.",
        "1 training text that is also in the test split dropped.",
        "1 training text that is also in the validation split dropped.",
        "1 text with conflicting labels dropped (3 rows).",
        "2 duplicate texts dropped.",
    )


def test_test_labels_decide_nothing(folder, load, write):
    before = load(folder)
    labels = [label for _, label in TEST]
    write("test.csv", _csv(*zip([text for text, _ in TEST], np.random.default_rng(0).permutation(labels), strict=True)))
    after = load(folder)
    assert after.train.hashes() == before.train.hashes()
    assert after.validation.hashes() == before.validation.hashes()
    assert after.test.texts == before.test.texts
    assert (after.notes, after.label_names) == (before.notes, before.label_names)


def test_single_file_is_cleaned_before_it_is_split(write, load):
    rows = [(f"t {i}", "ab"[i % 4 == 0]) for i in range(100)]
    task = load(write("all.csv", _csv(*rows, *rows[:50], ("t  99", "b"))))
    assert len(task.train) + len(task.test) == 99
    assert len(task.test) == 20
    assert not {text.casefold() for text in task.train.texts} & {text.casefold() for text in task.test.texts}
    assert per_class(task.test.labels, task.label_names) == {"a": 15, "b": 5}


def test_generated_test_split_is_capped(write, load):
    task = load(write("all.csv", _csv(*((f"t {i}", "ab"[i % 3 == 0]) for i in range(15_000)))))
    assert len(task.test) == 2_000


def test_a_class_with_one_text_keeps_it_for_training(write, load):
    task = load(write("all.csv", _csv(*((f"t {i}", "a") for i in range(40)), ("rare", "b"))))
    assert "rare" in task.train.texts


def test_groups_never_part(write, load, tmp_path):
    rows = "".join(f"t {i},{'ab'[i % 2]},{'' if i % 10 == 9 else i // 5}\n" for i in range(100))
    task = load(write("all.csv", "text,label,speaker\n" + rows), group_column="speaker")
    assert not set(task.train.groups) & set(task.test.groups)
    assert 10 <= len(task.test) <= 30


def test_training_groups_that_are_in_the_test_split_are_dropped(write, load, tmp_path):
    write("d/train.csv", "text,label,g\na,x,1\nb,y,1\nc,x,2\nd,y,3\ne,x,\n")
    write("d/test.csv", "text,label,g\nz,x,1\n")
    task = load(tmp_path / "d", group_column="g")
    assert task.train.texts == ("c", "d", "e")
    assert "2 training texts of groups that also have texts in the test split dropped." in task.notes


def test_hashes_tell_text_second_text_and_label_apart(write, load):
    pairs = load(write("p.csv", "text_a,text_b,label\nab,c,x\na,bc,x\nab,c2,y\n"), no_test=True)
    singles = load(write("s.csv", "text,label\nab,x\nac,y\n"), no_test=True)
    hashes = {*pairs.train.hashes(), *singles.train.hashes()}
    assert len(hashes) == 5
    assert all(len(value) == 64 for value in hashes)
