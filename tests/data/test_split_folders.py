"""Folders as others name and fill them."""

import pytest

from tune_dml.errors import DataError

ROWS = "".join(f"a text of number {i}\t{i % 2}\n" for i in range(12))
HELD = "".join(f"another of number {i}\t{i % 2}\n" for i in range(6))
LAST = "".join(f"the last of number {i}\t{i % 2}\n" for i in range(4))


@pytest.mark.parametrize("name", ["dev", "valid", "val", "validation", "Dev", "devel"])
def test_a_validation_split_by_any_of_its_names(name, write, load, tmp_path):
    write("train.tsv", "sentence\tlabel\n" + ROWS)
    write(f"{name}.tsv", "sentence\tlabel\n" + HELD)
    write("test.tsv", "sentence\tlabel\n" + LAST)
    task = load(tmp_path)
    assert (len(task.train), len(task.validation), len(task.test)) == (12, 6, 4)


def test_glue_s_folder(write, load, tmp_path):
    write("train.tsv", "sentence\tlabel\n" + ROWS)
    write("dev.tsv", "sentence\tlabel\n" + HELD)
    write("test.tsv", "index\tsentence\n" + "".join(f"{i}\thidden {i}\n" for i in range(5)))
    task = load(tmp_path)
    assert (len(task.train), task.validation, len(task.test)) == (12, None, 6)
    assert any("no label column (its columns are index, sentence)" in note for note in task.notes)
    assert any("the validation split is the test split" in note for note in task.notes)


def test_a_hidden_test_split_alone_is_replaced_by_a_fifth(write, load, tmp_path):
    write("train.csv", "text,label\n" + ROWS.replace("\t", ","))
    write("test.csv", "text\none\ntwo\n")
    assert len(load(tmp_path).test) == 2


def test_a_misspelt_label_column_of_the_test_split_is_no_hidden_one(write, load, tmp_path):
    write("train.csv", "text,label\n" + ROWS.replace("\t", ","))
    write("test.csv", "text,labels\none,0\ntwo,1\n")
    with pytest.raises(DataError, match="did you mean 'labels'"):
        load(tmp_path)


@pytest.mark.parametrize("second", ["valid.tsv", "validation.csv", "val.jsonl"])
def test_two_validation_splits_are_refused_by_name(second, write, load, tmp_path):
    write("train.tsv", "sentence\tlabel\n" + ROWS)
    write("dev.tsv", "sentence\tlabel\n" + HELD)
    write(second, "sentence\tlabel\n" + HELD)
    with pytest.raises(DataError, match=rf"both dev\.tsv and {second}"):
        load(tmp_path)


def test_files_that_are_no_split_are_named(write, load, tmp_path):
    write("train.tsv", "sentence\tlabel\n" + ROWS)
    for name in ("dev_matched", "dev_mismatched", "extra"):
        write(f"{name}.tsv", "sentence\tlabel\n" + HELD)
    write("notes.txt", "no data")
    task = load(tmp_path)
    assert task.validation is None
    assert any(note.startswith("dev_matched.tsv, dev_mismatched.tsv, extra.tsv in") for note in task.notes)


def test_files_beside_a_single_one_are_named(write, load, tmp_path):
    write("all.tsv", "text\tlabel\n" + ROWS)
    write("test.tsv", "text\tlabel\n" + LAST)
    assert any("test.tsv" in note and "not used" in note for note in load(tmp_path).notes)


def test_a_blank_line_hides_no_hidden_split(write, load, tmp_path):
    write("train.csv", "text,label\n" + ROWS.replace("\t", ","))
    write("test.csv", "text,label\none,-1\n\ntwo,-1\n")
    assert any("has no labels and is not used" in note for note in load(tmp_path).notes)


STRAY = (
    "text,label\n" + "".join(f"held {i},{'a' if i % 2 else 'b'}\n" for i in range(8)) + "odd,neutral\nodder,neutral\n"
)
TRAIN = "text,label\n" + "".join(f"text {i},{'a' if i % 3 else 'b'}\n" for i in range(12))


@pytest.mark.parametrize("split", ["test", "validation"])
def test_a_stray_class_is_counted_and_can_be_dropped(split, write, load, tmp_path):
    write("train.csv", TRAIN)
    write("test.csv", TRAIN.replace("text ", "other "))
    write(f"{split}.csv", STRAY)
    message = rf"2 of 10 rows of the {split} split .*'neutral' \(2\).*a \(8\), b \(4\).*--drop-unknown-labels"
    with pytest.raises(DataError, match=message):
        load(tmp_path)
    task = load(tmp_path, drop_unknown_labels=True)
    assert len(getattr(task, split)) == 8
    assert any(note.startswith(f"2 of 10 rows dropped from the {split} split") for note in task.notes)


def test_a_class_that_cleaning_took_can_be_dropped_too(write, load, tmp_path):
    write("train.csv", TRAIN + "gone,c\n")
    write("test.csv", "text,label\ngone,c\nnew one,a\nnew two,b\n")
    with pytest.raises(DataError, match=r"1 of 3 rows.*'c' \(1\)"):
        load(tmp_path)
    assert len(load(tmp_path, drop_unknown_labels=True).test) == 2


def test_a_test_split_of_stray_classes_alone_is_refused(write, load, tmp_path):
    write("train.csv", TRAIN)
    write("test.csv", "text,label\none,c\ntwo,d\n")
    with pytest.raises(DataError, match="no row of the test split"):
        load(tmp_path, drop_unknown_labels=True)


def test_text_files_and_workbooks_are_named_as_unused(write, load, tmp_path):
    write("train.csv", "text,label\na,x\nb,y\n")
    write("test.txt", "a line\n")
    write("dev.json", "[]\n")
    write("readme.txt", "hello\n")
    [note] = [note for note in load(tmp_path, no_test=True).notes if "not used" in note]
    assert note.startswith("dev.json, test.txt in")


def test_what_cleaning_took_is_said_with_the_error(write, load):
    with pytest.raises(DataError, match=r"0 training texts after cleaning.* conflicting labels dropped"):
        load(write("a.csv", "text,label\nsame,x\nsame,y\n"))


def test_ids_for_labels_are_refused(write, load):
    rows = "".join(f"text {i},{i}\n" for i in range(30))
    with pytest.raises(DataError, match="each of the 30 texts has a label of its own"):
        load(write("a.csv", "text,label\n" + rows))


@pytest.mark.parametrize("name", ["NA", "\\N", "null"])
def test_a_class_that_looks_like_a_missing_label_is_named(name, write, load):
    task = load(write("a.csv", f"text,label\na,x\nb,y\nc,{name}\n"), no_test=True)
    assert any(f"The class '{name}' looks like a missing label" in note for note in task.notes)
