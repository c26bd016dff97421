"""Files without a row of names: recognised, and read when told so."""

import pytest

from tune_dml.data import read_texts
from tune_dml.data.tables import Reading
from tune_dml.data.text_forms import ONE_TEXT
from tune_dml.errors import DataError

FILMS = [("a warm film", "1"), ("dull and long", "0"), ("a joy to watch", "1"), ("please, no more", "0")]
LABEL_FIRST = "".join(f'{label},"{text}"\n' for text, label in FILMS)
TEXT_FIRST = "".join(f'"{text}",{label}\n' for text, label in FILMS)
#: As CoLA's: source, label, the author's star, sentence.
COLA = "".join(f"{source}\t{label}\t{star}\t{text}\n" for source, star, (text, label) in
               zip(("gj04", "gj04", "cj99", "gj04"), ("", "*", "", "*"), FILMS, strict=True))  # fmt: skip
FILES = {
    "label first": ("a.csv", LABEL_FIRST),
    "text first": ("a.csv", TEXT_FIRST),
    "with spaces": ("a.csv", LABEL_FIRST.replace(",", ", ", 1).replace('"', "")[: LABEL_FIRST.index("\n")] + "\n"),
    "names for labels": ("a.csv", TEXT_FIRST.replace(",1", ",good").replace(",0", ",bad")),
    "tabs": ("a.tsv", "".join(f"{text}\t{label}\n" for text, label in FILMS)),
    "CoLA": ("a.tsv", COLA),
}


@pytest.mark.parametrize("case", FILES)
def test_a_first_row_of_data_is_recognised(case, write, load):
    name, content = FILES[case]
    with pytest.raises(DataError, match=r"looks like data.*--no-header"):
        load(write(name, content))


@pytest.mark.parametrize("header", ["texts,labels", "body,intent", "review text,review label", "Kommentar;Klasse"])
def test_a_header_is_no_data(header, write, load):
    with pytest.raises(DataError) as caught:
        load(write("a.csv", f"{header}\n" + TEXT_FIRST.replace(",", ";" if ";" in header else ",")))
    assert "--no-header" not in str(caught.value)


@pytest.mark.parametrize(
    ("case", "text", "label"),
    [
        ("label first", "2", "1"),
        ("text first", "1", "2"),
        ("names for labels", "1", "2"),
        ("tabs", "1", "2"),
        ("CoLA", "4", "2"),
    ],
)
def test_no_header_tells_text_from_label_and_says_so(case, text, label, write, load):
    task = load(write(*FILES[case]), header=False, no_test=True)
    assert task.train.texts == tuple(film for film, _ in FILMS)
    assert task.train.labels.tolist() == [1, 0, 1, 0]
    assert any(f"text in column {text}, label in column {label}" in note for note in task.notes)


def test_columns_are_named_by_their_number(write, load):
    path = write("a.csv", "".join(f"{text},{label},{text[:1]}\n" for text, label in (*FILMS[:3], ("b", "0"))))
    task = load(path, header=False, no_test=True, text_columns=("1",), label_column="3")
    assert task.label_names == ("a", "b", "d")


def test_labels_that_are_all_different_are_taken_from_the_last_column(write, load):
    task = load(write("a.csv", "first text,x\nsecond text,y\nthird text,z\n"), header=False, no_test=True)
    assert task.label_names == ("x", "y", "z")


def test_pairs_without_a_header(write, load):
    rows = "".join(f"{label},{text.replace(',', '')},and so it goes\n" for text, label in FILMS)
    task = load(write("a.csv", rows), task="MRPC", header=False, no_test=True)
    assert (task.train.texts[0], task.train.texts_b[0]) == ("a warm film", "and so it goes")


def test_a_header_where_none_was_promised_is_refused(write, load):
    with pytest.raises(DataError, match=r"has a header \(text, label\); leave out --no-header"):
        load(write("a.csv", "text,label\n" + TEXT_FIRST), header=False)


@pytest.mark.parametrize("content", ["a warm film\n\ndull\n", "7,a warm film\n8,\n9,dull\n"])
def test_texts_without_a_header_are_predicted_row_by_row(content, write):
    found = read_texts(write("a.csv", content), (), ONE_TEXT, reading=Reading(header=False))
    assert found.rows == ["a warm film", "", "dull"]
    with pytest.raises(DataError, match="no column 'text'"):
        read_texts(write("b.csv", content), (), ONE_TEXT)


def test_cola_s_folder(write, load, tmp_path):
    # Its test split alone has a header, and no labels.
    write("train.tsv", COLA)
    write("dev.tsv", "gj04\t1\t\tone more\nr-67\t0\t*\tone less\n")
    write("test.tsv", "index\tsentence\n0\tbill whistled\n")
    task = load(tmp_path, header=False)
    assert task.test.texts == ("one more", "one less")
    assert any("test split" in note and "not used" in note for note in task.notes)


@pytest.mark.parametrize("name", ["a", "kommentar"])
def test_the_only_column_may_be_data(name, write):
    with pytest.raises(DataError, match=f"its only one is '{name}'.*--text-column.*--no-header"):
        read_texts(write("a.csv", f"{name}\nb\n"), (), ONE_TEXT)


def test_few_shot_folders_without_headers(write, load, tmp_path):
    # LM-BFF's layout for tasks that GLUE lacks.
    for name, films in (("train", FILMS), ("dev", [(f"dev {t}", y) for t, y in FILMS]), ("test", [("so so", "1")])):
        write(f"{name}.csv", "".join(f'{label},"{text}"\n' for text, label in films))
    task = load(tmp_path, header=False)
    assert (len(task.train), len(task.validation), len(task.test)) == (4, 4, 1)
    assert task.test.labels.tolist() == [1]
