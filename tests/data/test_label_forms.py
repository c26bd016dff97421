"""Labels that are the same however they are written, and names that a file gives to its classes."""

import json

import pyarrow
import pyarrow.parquet
import pytest

from tune_dml.errors import DataError

CAFE = ("café", "cafe\u0301")


def _csv(rows):
    return "text,label\n" + "".join(f"{text},{label}\n" for text, label in rows)


@pytest.mark.parametrize(
    ("forms", "shown"),
    [
        (("café", "cafe\u0301", "café"), "café"),
        (("sport", "sport\u200b", "sport"), "sport"),
        (("sport", "sport\u00a0", "\ufeffsport"), "sport"),
        (("two words", "two\u00a0words", "two  words", "two words"), "two words"),
        (("so\u00adft", "soft", "soft"), "soft"),
        (("❤\ufe0f", "❤", "❤\ufe0f"), "❤\ufe0f"),
        (("True", "true", "TRUE", "True"), "True"),
    ],
)
def test_labels_that_look_alike_are_one_class(forms, shown, write, load):
    rows = [(f"text {i}", form) for i, form in enumerate(forms)] + [("other", "zzz")]
    task = load(write("a.csv", _csv(rows)), no_test=True)
    assert set(task.label_names) == {shown, "zzz"}
    # What stands around a label is not told, as spaces are not.
    inside = len({form.strip("\u200b\u00a0\ufeff ") for form in forms}) > 1
    assert any("one class each" in note and shown in note for note in task.notes) == inside


@pytest.mark.parametrize("form", ["Café ", "cafe\u0301", "café\u200b", "\ufeffcafé"])
def test_test_labels_that_look_alike_are_found(form, write, load, tmp_path):
    write("train.csv", _csv([("one", "café"), ("two", "bar"), ("three", "Café")][: 2 + (form[0] == "C")]))
    write("test.csv", _csv([("held", form)]))
    task = load(tmp_path)
    assert task.label_names[task.test.labels[0]].casefold() == "café"


def test_classes_that_differ_only_in_case_are_named(write, load):
    task = load(write("a.csv", _csv([("a", "Sport"), ("b", "sport"), ("c", "SPORT"), ("d", "art")])), no_test=True)
    assert len(task.label_names) == 4
    assert sum("differ only in case" in note for note in task.notes) == 2


def test_a_test_label_that_differs_in_case_gets_a_hint(write, load, tmp_path):
    write("train.csv", _csv([("a", "Sport"), ("b", "Art")]))
    write("test.csv", _csv([("c", "sport")]))
    with pytest.raises(DataError, match="'sport' and 'Sport' differ only in case"):
        load(tmp_path)


@pytest.mark.parametrize("copy", ["cafe\u0301 noir", "caf\u00e9\u200b noir", "CAFÉ\u00a0noir", "ca\u00adfé  noir"])
def test_copies_across_splits_are_found_whatever_cannot_be_seen(copy, write, load, tmp_path):
    write("train.csv", _csv([("one", "x"), ("two", "y"), ("three", "y"), (copy, "x")]))
    write("test.csv", _csv([("café noir", "x")]))
    task = load(tmp_path)
    assert task.train.texts == ("one", "two", "three")


def test_texts_themselves_keep_their_joiners(write, load):
    texts = ("می\u200cخواهم", "👩\u200d💻 works", "cafe\u0301")
    task = load(write("a.csv", _csv([(text, "xyx"[i]) for i, text in enumerate(texts)])), no_test=True)
    assert task.train.texts == texts


def _file(suffix, values, tmp_path, name):
    path = tmp_path / f"{name}.{suffix}"
    rows = [{"text": f"{name} {i}", "label": value} for i, value in enumerate(values)]
    if suffix == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    elif suffix == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        separator = {"csv": ",", "tsv": "\t"}[suffix]
        path.write_text(
            "".join(separator.join(map(str, row)) + "\n" for row in [("text", "label"), *(r.values() for r in rows)])
        )


@pytest.mark.parametrize("train", ["csv", "tsv", "jsonl", "parquet"])
@pytest.mark.parametrize("test", ["csv", "tsv", "jsonl", "parquet"])
@pytest.mark.parametrize(
    ("values", "others"),
    [
        ((True, False, True, False), (True, False)),
        ((1, 0, 1, 0), (1.0, 0.0)),
        ((1.0, 0.0, 1.0, 0.0), (1, 0)),
        ((1.0, 2.5, 1.0, 2.5), (1.0, 2.5)),
    ],
)
def test_a_label_is_the_same_in_every_pair_of_formats(train, test, values, others, tmp_path, load):
    _file(train, values, tmp_path, "train")
    _file(test, others, tmp_path, "test")
    task = load(tmp_path)
    assert [task.train.labels[0], task.train.labels[1]] == task.test.labels.tolist()


@pytest.mark.parametrize("labels", [("01", "1"), ("1.1", "1.10"), ("1.5", "15"), ("1e3", "1000"), ("+1", "1")])
def test_labels_that_are_written_differently_on_purpose_stay_two(labels, write, load):
    task = load(write("a.csv", _csv([("a", labels[0]), ("b", labels[1])])), no_test=True)
    assert sorted(task.label_names) == sorted(labels)


def _class_label(path, labels, names, split=""):
    table = pyarrow.table({"text": [f"a {split} text of number {i}" for i in range(len(labels))], "label": labels})
    about = {
        "info": {
            "features": {
                "text": {"dtype": "string", "_type": "Value"},
                "label": {"names": names, "_type": "ClassLabel"},
            }
        }
    }
    pyarrow.parquet.write_table(table.replace_schema_metadata({"huggingface": json.dumps(about)}), path)


def test_names_of_a_class_label_are_the_classes(tmp_path, load):
    _class_label(tmp_path / "a.parquet", [1, 0, 2, 1], ["zebra", "ape", "cat"])
    task = load(tmp_path / "a.parquet", no_test=True)
    assert task.label_names == ("zebra", "ape", "cat")
    assert task.train.labels.tolist() == [1, 0, 2, 1]


def test_names_of_a_class_label_win_over_the_task_s(tmp_path, load):
    _class_label(tmp_path / "a.parquet", [0, 1, 0, 1], ["objective", "subjective"])
    task = load(tmp_path / "a.parquet", task="SUBJ", no_test=True)
    assert [task.label_names[i] for i in task.train.labels] == ["objective", "subjective"] * 2


def test_names_of_a_class_label_are_met_by_names_and_numbers(tmp_path, load, write):
    _class_label(tmp_path / "train.parquet", [0, 1, 0, 1], ["no", "yes"])
    write("validation.csv", _csv([("v", "yes"), ("w", "no")]))
    write("test.csv", _csv([("t", "1"), ("u", "0")]))
    task = load(tmp_path)
    assert (task.validation.labels.tolist(), task.test.labels.tolist()) == ([1, 0], [1, 0])


def test_hidden_labels_of_a_class_label(tmp_path, load):
    _class_label(tmp_path / "train.parquet", [0, 1, 0, 1, 0, 1], ["no", "yes"])
    _class_label(tmp_path / "test.parquet", [-1, -1], ["no", "yes"], "hidden")
    assert any("has no labels and is not used" in note for note in load(tmp_path).notes)


def test_categories_are_their_values(tmp_path, load):
    labels = pyarrow.array(["b", "a", "b", "a"]).dictionary_encode()
    pyarrow.parquet.write_table(pyarrow.table({"text": list("pqrs"), "label": labels}), tmp_path / "a.parquet")
    assert load(tmp_path / "a.parquet", no_test=True).label_names == ("a", "b")


@pytest.mark.parametrize("column", ["label_text", "label_name", "label_names", "Label_Text"])
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_the_file_s_own_names_win(column, suffix, write, load):
    # In SetFit's copy 0 is objective, which the task's own order calls subjective.
    rows = [{"text": f"text {i}", "label": i % 2, column: ("objective", "subjective")[i % 2]} for i in range(6)]
    if suffix == "csv":
        content = f"text,label,{column}\n" + "".join(",".join(map(str, row.values())) + "\n" for row in rows)
    else:
        content = "".join(json.dumps(row) + "\n" for row in rows)
    task = load(write(f"a.{suffix}", content), task="SUBJ", no_test=True)
    assert [task.label_names[i] for i in task.train.labels] == ["objective", "subjective"] * 3
    assert any("0 is 'objective', 1 is 'subjective'" in note for note in task.notes)


def test_the_file_s_names_serve_splits_without_them(write, load, tmp_path):
    write("train.csv", "text,label,label_text\na,0,no\nb,1,yes\nc,0,no\n")
    write("test.csv", _csv([("t", "1")]))
    task = load(tmp_path)
    assert (task.label_names, task.test.labels.tolist()) == (("no", "yes"), [1])


def test_names_that_do_not_fit_are_not_used_and_said(write, load):
    task = load(write("a.csv", "text,label,label_text\na,0,no\nb,1,yes\nc,0,yes\n"), no_test=True)
    assert task.label_names == ("0", "1")
    assert any("one to one" in note for note in task.notes)


def test_names_by_position_are_said_with_a_text_of_each(write, load):
    long = "a smart and alert film " * 10
    task = load(write("a.csv", _csv([(long, 0), ("it is about ships", 1)])), task="SUBJ", no_test=True)
    [note] = [note for note in task.notes if "SUBJ" in note]
    assert "0 is 'subjective' (as in 'a smart and alert film" in note
    assert "1 is 'objective' (as in 'it is about ships')" in note
    assert len(note) < 400


def test_splits_that_number_the_same_names_differently(tmp_path, load, write):
    write("train.csv", "text,label,label_text\n" + "".join(f"t{i},{i % 2},{('no', 'yes')[i % 2]}\n" for i in range(6)))
    write("test.csv", "text,label,label_text\nu,0,yes\nv,1,no\n")
    task = load(tmp_path)
    assert [task.label_names[i] for i in task.test.labels] == ["yes", "no"]
    assert any("The test split numbers them differently: its 0 is 'yes'." in note for note in task.notes)


def test_class_labels_of_splits_in_another_order(tmp_path, load):
    _class_label(tmp_path / "train.parquet", [0, 1, 0, 1, 0, 1], ["no", "yes"])
    _class_label(tmp_path / "test.parquet", [0, 1], ["yes", "no"], "other")
    task = load(tmp_path)
    assert [task.label_names[i] for i in task.test.labels] == ["yes", "no"]
