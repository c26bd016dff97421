"""Tables as spreadsheets, exports and old machines write them."""

import pytest

from tune_dml.data import read_texts
from tune_dml.data.text_forms import ONE_TEXT
from tune_dml.errors import DataError

TEXTS = ["one, two and three", "it cost 1,50", "plain words", "a, b, c, d"]
LABELS = ["x", "y", "x", "y"]


def _table(separator, *, header=("text", "label"), quote=False, end="\n"):
    rows = [header, *zip(TEXTS, LABELS, strict=True)]
    cells = [[f'"{cell}"' if quote else cell for cell in row] for row in rows]
    return "".join(separator.join(row) + end for row in cells)


SEPARATED = {
    "semicolons": ("a.csv", _table(";"), "semicolons"),
    "semicolons, quoted header": ("a.csv", _table(";", quote=True), "semicolons"),
    "tabs in a .csv": ("a.csv", _table("\t"), "tabs"),
    "bars in a .csv": ("a.csv", _table("|"), "vertical bars"),
    "commas in a .csv": ("a.csv", _table(",", quote=True), None),
    "commas in a .tsv": ("a.tsv", _table(",", quote=True), "commas"),
    "semicolons in a .tsv": ("a.tsv", _table(";"), "semicolons"),
    "tabs in a .tsv": ("a.tsv", _table("\t"), None),
    "Excel's first line": ("a.csv", "sep=;\n" + _table(";"), "semicolons"),
    "Excel's first line, of commas": ("a.csv", "sep=,\r\n" + _table(",", quote=True, end="\r\n"), None),
    "Excel's first line, of tabs": ("a.csv", '"sep=\t"\n' + _table("\t"), "tabs"),
    "carriage returns": ("a.csv", _table(",", quote=True, end="\r"), None),
    "carriage returns and tabs": ("a.tsv", _table("\t", end="\r"), None),
    "a header with a comma": ("a.csv", _table(";", header=("text", "label")).replace("label", "label;note, long", 1)
                              .replace(";x\n", ";x;n\n").replace(";y\n", ";y;n\n"), "semicolons"),
    "a name with a byte-order mark inside": ("a.csv", _table(";").replace(";label", ";\ufefflabel"), "semicolons"),
    "names with what cannot be seen": ("a.csv", _table(";", header=("te\u00adxt\u200b", "\u00a0label ")), "semicolons"),
    "tabs in a .csv, and stray quotes": ("a.csv", 'text\tlabel\n"one, two and three\tx\nit cost 1,50\ty\n'
                                         "plain words\tx\na, b, c, d\ty\n", "tabs"),
    "a DOS file's end": ("a.csv", _table(";", end="\r\n") + "\x1a", "semicolons"),
}  # fmt: skip


@pytest.mark.parametrize("case", SEPARATED)
def test_the_separator_is_found_and_said(case, write, load):
    name, content, said = SEPARATED[case]
    task = load(write(name, content), no_test=True)
    assert [text.strip('"') for text in task.train.texts] == TEXTS
    assert task.train.labels.tolist() == [0, 1, 0, 1]
    assert task.notes == (() if said is None else (f"{name} was read as separated by {said}.",))


COLUMNS = {
    "Excel's empty columns": "text,label,,\none,x,,\ntwo,y,,\n",
    "empty columns in the rows only": "text,label\none,x,,\ntwo,y,\n",
    "empty columns in the header only": "text,label,,\none,x\ntwo,y\n",
    "with spaces in them": "text,label, ,\none,x, ,\ntwo,y,,  \n",
    "an empty column in the middle": "text,,label\none,,x\ntwo,,y\n",
    "semicolons": "text;label;;;\none;x;;;\ntwo;y;;;\n",
    "pandas' index": ",text,label\n0,one,x\n1,two,y\n",
    "remarks behind the named columns": "text,label,,\none,x,,see above\ntwo,y,,\n",
    "two columns of a name that is not used": "id,id,text,label\n1,2,one,x\n3,4,two,y\n",
}


@pytest.mark.parametrize("case", COLUMNS)
def test_nameless_columns_do_not_count(case, write, load):
    task = load(write("a.csv", COLUMNS[case]), no_test=True)
    assert (task.train.texts, task.label_names) == (("one", "two"), ("x", "y"))


def test_one_column_of_a_spreadsheet_with_semicolons(write):
    assert read_texts(write("a.csv", "text;;\nhello, you;;\n;;\nbye;;\n"), (), ONE_TEXT).rows == [
        "hello, you",
        "",
        "bye",
    ]


@pytest.mark.parametrize("texts", [["a; b", "c; d"], ["a", "b;c"], ["a|b", "c|d"], ["a\tb", "c"]])
def test_a_file_of_one_column_stays_one(texts, write):
    path = write("a.csv", "text\n" + "".join(f"{text}\n" for text in texts))
    assert read_texts(path, (), ONE_TEXT).rows == texts


def test_rows_that_do_not_fit_still_name_their_line(write, load):
    with pytest.raises(DataError, match="line 4: 3 fields where the header has 2"):
        load(write("a.csv", "text;label\none;x\ntwo;y\nthree; four;x\n"))
    with pytest.raises(DataError, match="line 3: 1 fields where the header has 2"):
        load(write("a.csv", "sep=;\ntext;label\none\n"))


NOT_DATA = {
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"),
    "gzip": (b"\x1f\x8b\x08\x00text", "gzip"),
    "a workbook": (b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml", "Excel workbook"),
    "an archive": (b"PK\x03\x04\x14\x00\x06\x00data.csv", "zip"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office"),
    "a login page": (b"\n<!DOCTYPE html>\n<html><title>Log in</title>", "web page"),
    "nothing": (b"", "is empty"),
    "a byte-order mark alone": (b"\xef\xbb\xbf", "is empty"),
}


@pytest.mark.parametrize("case", NOT_DATA)
@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl"])
def test_what_is_no_text_is_said(case, suffix, write, load):
    content, message = NOT_DATA[case]
    with pytest.raises(DataError, match=message):
        load(write(f"a.{suffix}", content))


def test_pointers_in_place_of_parquet_and_text(write, load):
    pointer = NOT_DATA["a pointer"][0]
    with pytest.raises(DataError, match=r"a\.parquet is a Git LFS pointer, not the data; run 'git lfs pull'"):
        load(write("a.parquet", pointer))
    with pytest.raises(DataError, match="Git LFS pointer"):
        read_texts(write("a.txt", pointer), (), ONE_TEXT)
