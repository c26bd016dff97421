"""What stands in a file is what is read."""

import json
import pickle
import time

import pyarrow
import pyarrow.parquet
import pytest

from tune_dml.errors import DataError

CSV = "text,label\n" + "".join(f"text number {i},{'yes' if i % 2 else 'no'}\n" for i in range(20))


def _texts(task):
    return set(task.train.texts) | set(task.test.texts if task.test else ())


def _rows(n=20):
    return [{"text": f"text number {i}", "label": "yes" if i % 2 else "no"} for i in range(n)]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_every_format_gives_the_same_task(suffix, write, load, tmp_path):
    path = tmp_path / f"my.{suffix}"
    if suffix == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(_rows()), path)
    else:
        content = {
            "csv": CSV,
            "tsv": CSV.replace(",", "\t"),
            "jsonl": "".join(json.dumps(row) + "\n" for row in _rows()),
        }[suffix]
        write(path.name, content)
    task, reference = load(path), load(write("reference.csv", CSV))
    assert task.label_names == ("no", "yes")
    assert task.train.hashes() == reference.train.hashes()
    assert task.test.hashes() == reference.test.hashes()
    assert str(path) in task.source


def test_texts_that_look_like_missing_values_or_numbers_stay_texts(write, load):
    texts = ["NA", "null", "None", "nan", "007", "1.10", "1e5", "true", "-", "12345678901234567890"]
    content = "text,label\n" + "".join(f"{text},{i % 2}\n" for i, text in enumerate(texts))
    assert _texts(load(write("a.csv", content), no_test=True)) == set(texts)


def test_json_numbers_keep_their_digits(write, load):
    lines = ['{"text": 1.10, "label": 9007199254740993}', '{"text": 12345678901234567891, "label": 9007199254740992}']
    task = load(write("a.jsonl", "\n".join(lines)), no_test=True)
    assert task.train.texts == ("1.10", "12345678901234567891")
    assert task.label_names == ("9007199254740992", "9007199254740993")


def test_a_class_may_be_called_na(write, load):
    assert load(write("a.csv", "text,label\na,NA\nb,null\n"), no_test=True).label_names == ("NA", "null")


def test_byte_order_mark_is_not_part_of_the_first_column(write, load):
    assert load(write("a.csv", b"\xef\xbb\xbf" + CSV.encode()), no_test=True).train.texts[0] == "text number 0"


def test_what_is_not_utf_8_is_read_and_reported(write, load):
    task = load(write("a.csv", "text,label\ncafé,a\nthé,b\n".encode("latin-1")), no_test=True)
    assert task.train.texts == ("café", "thé")
    assert any("Windows-1252" in note for note in task.notes)


def test_quoted_separators_and_line_breaks_are_part_of_the_text(write, load):
    task = load(write("a.csv", 'text,label\n"one, two\nthree ""four""",a\nfive,b\n'), no_test=True)
    assert task.train.texts[0] == 'one, two\nthree "four"'


def test_unquoted_tsv_with_stray_quotes_loses_no_line(write, load):
    task = load(write("a.tsv", 'text\tlabel\n"hello\ta\nworld" said\tb\n"a ""b"""\tb\n'), no_test=True)
    assert task.train.texts == ('"hello', 'world" said', 'a "b"')


def test_long_texts_are_read(write, load):
    assert len(load(write("a.csv", f"text,label\n{'x' * 300_000},a\ny,b\n"), no_test=True).train.texts[0]) == 300_000


def test_lone_surrogates_do_not_survive(write, load):
    task = load(write("a.jsonl", '{"text": "a \\ud800 b", "label": 1}\n{"text": "c", "label": 2}\n'), no_test=True)
    assert [text.encode() for text in task.train.texts] == [b"a ? b", b"c"]


@pytest.mark.parametrize(
    ("header", "settings", "kind"),
    [
        ("text,label", {}, "single"),
        ("sentence,label", {}, "single"),
        ("Text,Label", {}, "single"),
        ("utterance,intent", {"text_columns": ("utterance",), "label_column": "intent"}, "single"),
    ],
)
def test_text_and_label_columns(header, settings, kind, write, load):
    task = load(write("a.csv", f"id,{header}\n1,a,x\n2,b,y\n"), no_test=True, **settings)
    assert (task.kind, task.train.texts, task.label_names) == (kind, ("a", "b"), ("x", "y"))


@pytest.mark.parametrize(
    ("header", "settings"),
    [
        ("text_a,text_b,label", {}),
        ("sentence1,sentence2,label", {}),
        ("q,a,label", {"text_columns": ("q", "a")}),
    ],
)
def test_pair_columns(header, settings, write, load):
    task = load(write("a.csv", f"{header}\np,q,x\nr,s,y\n,t,y\n"), no_test=True, **settings)
    assert task.kind == "pair"
    assert (task.train.texts, task.train.texts_b) == (("p", "r"), ("q", "s"))
    assert task.notes == ("1 pair with an empty text dropped.",)


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["10", "9", "-1"], ("-1", "9", "10")),
        (["1.0", "0.0", "2.0"], ("0", "1", "2")),
        (["b", "a", "10"], ("10", "a", "b")),
        (["1.5", "2", "01"], ("01", "1.5", "2")),
    ],
)
def test_names_of_own_classes_are_sorted_values(labels, names, write, load):
    content = "text,label\n" + "".join(f"t{i},{label}\n" for i, label in enumerate(labels))
    assert load(write("a.csv", content), no_test=True).label_names == names


@pytest.mark.parametrize("labels", [("0", "1"), ("negative", "positive"), ("Negative", "POSITIVE")])
def test_labels_of_a_known_task_may_be_numbers_or_names(labels, write, load):
    task = load(write("a.csv", f"text,label\nb,{labels[1]}\na,{labels[0]}\n"), task="sst2", no_test=True)
    assert task.name == "SST2"
    assert task.label_names == ("negative", "positive")
    assert task.train.labels.tolist() == [1, 0]


def test_foreign_labels_of_a_known_task_are_kept_and_reported(write, load):
    task = load(write("a.csv", "text,label\nb,good\na,bad\n"), task="SST2", no_test=True)
    assert task.label_names == ("bad", "good")
    assert any("not those of SST2" in note for note in task.notes)


def test_classes_without_training_texts_are_left_out(write, load):
    task = load(write("a.csv", "text,label\na,5\nb,1\nc,5\n"), task="TREC", no_test=True)
    assert task.label_names == ("DESC", "NUM")
    assert task.train.labels.tolist() == [1, 0, 1]


def test_nothing_is_unpickled(write, load, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "exploded"), "w"))

    for name in ("train.pkl", "train.pt", "all.parquet.pickle"):
        write(f"folder/{name}", pickle.dumps(Bomb()))
    write("folder/train.csv", CSV)
    assert len(load(tmp_path / "folder", no_test=True).train) == 20
    with pytest.raises(Exception, match=r"can run code"):
        load(tmp_path / "folder" / "train.pkl")
    assert not (tmp_path / "exploded").exists()


def test_lone_surrogates_in_labels_are_replaced(write, load):
    content = '{"text": "a", "label": "x\\ud800"}\n{"text": "b", "label": "y"}\n'
    assert load(write("a.jsonl", content), no_test=True).label_names == ("x?", "y")


def test_a_number_of_thousands_of_digits_is_a_class_like_another(write, load):
    task = load(write("a.csv", f"text,label\na,1\nb,{'9' * 5_000}\n"), no_test=True)
    assert task.label_names == ("1", "9" * 5_000)


def test_as_many_columns_as_fit_a_file_take_no_time(write, load):
    names = ["text", "label", *(f"c{i}" for i in range(100_000))]
    rows = "".join(",".join((f"t{i}", str(i % 2), *("" for _ in names[2:]))) + "\n" for i in range(4))
    path = write("a.csv", ",".join(names) + "\n" + rows)
    start = time.process_time()
    assert load(path, no_test=True).label_names == ("0", "1")
    assert time.process_time() - start < 2.0


def test_parquet_values_that_cannot_be_read_are_a_sentence(tmp_path, load):
    texts = pyarrow.array([b"\xff\xfe", b"b"]).cast(pyarrow.string(), safe=False)
    pyarrow.parquet.write_table(pyarrow.table({"text": texts, "label": ["x", "y"]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="the column 'text' cannot be read"):
        load(tmp_path / "a.parquet")
