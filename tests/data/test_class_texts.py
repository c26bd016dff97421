"""Texts that describe the classes, as users write them into files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from datasets import ClassLabel, Dataset, Features, Value

from tune_dml.data import TASKS, read_class_texts
from tune_dml.errors import DataError

NAMES = ("not_spam", "spam")
ROWS = [("not_spam", "a letter from a friend"), ("spam", "buy now"), ("spam", "win a prize")]
FOUND = ((0, "a letter from a friend"), (1, "buy now"), (1, "win a prize"))


def csv(path: Path, header: str, rows: list[tuple[str, str]]) -> Path:
    path.write_text("\n".join([header] * bool(header) + [",".join(row) for row in rows]) + "\n")
    return path


@pytest.mark.parametrize("header", ["class,text", "label,description", "Class,Text", "what,ever", ""])
def test_columns(header: str, tmp_path: Path) -> None:
    assert read_class_texts(csv(tmp_path / "texts.csv", header, ROWS), "mine", NAMES) == FOUND


@pytest.mark.parametrize("header", ["text,class", "description,label", "text,which"])
def test_columns_the_other_way_round(header: str, tmp_path: Path) -> None:
    turned = [(text, name) for name, text in ROWS]
    assert read_class_texts(csv(tmp_path / "texts.csv", header, turned), "mine", NAMES) == FOUND


def test_json_lines_and_columns_that_nobody_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps({"id": i, "class": c, "text": t}) + "\n" for i, (c, t) in enumerate(ROWS)))
    assert read_class_texts(path, "mine", NAMES) == FOUND


def test_classes_as_people_write_them_and_each_text_once(tmp_path: Path) -> None:
    rows = [("Not spam", "a letter from a friend"), ("SPAM", "buy now"), ("spam", "win a prize"), ("spam", "buy now")]
    assert read_class_texts(csv(tmp_path / "texts.csv", "class,text", rows), "mine", NAMES) == FOUND


def test_numbers_and_words_for_codes(tmp_path: Path) -> None:
    rows = [("1.0", "good"), ("0", "bad")]
    assert read_class_texts(csv(tmp_path / "a.csv", "class,text", rows), "mine", ("0", "1")) == (
        (1, "good"),
        (0, "bad"),
    )
    names = TASKS["TREC"].label_names
    rows = [(name, f"asks for {name}") for name in ("abbreviation", "DESC", "entity", "HUM", "location", "NUM")]
    found = read_class_texts(csv(tmp_path / "b.csv", "class,description", rows), "TREC", names)
    assert {names[label]: text for label, text in found} == dict(
        zip(("ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"), (text for _, text in rows), strict=True)
    )


def test_a_file_that_has_numbers_and_names(tmp_path: Path) -> None:
    number = {"not_spam": 0, "spam": 1}
    rows = [{"text": text, "label": number[name], "label_text": name} for name, text in ROWS]
    for path in (tmp_path / "texts.csv", tmp_path / "texts.jsonl", tmp_path / "texts.parquet"):
        frame = pd.DataFrame(rows)
        if path.suffix == ".csv":
            frame.to_csv(path, index=False)
        elif path.suffix == ".jsonl":
            frame.to_json(path, orient="records", lines=True)
        else:
            kinds = Features({"text": Value("string"), "label": ClassLabel(names=list(NAMES))})
            columns = {name: frame[name].tolist() for name in kinds}
            Dataset.from_dict(columns, features=kinds).to_parquet(path)
        assert read_class_texts(path, "mine", NAMES) == FOUND, path.suffix


def test_classes_that_look_alike(tmp_path: Path) -> None:
    rows = [("IT", "computers"), ("it", "a language"), ("1.10", "ten"), ("1.1", "one"), ("It ", "both")]
    names = ("IT", "it", "1.1", "1.10")
    assert read_class_texts(csv(tmp_path / "a.csv", "class,text", rows[:4]), "mine", names) == (
        *((0, "computers"), (1, "a language")),
        *((3, "ten"), (2, "one")),
    )
    with pytest.raises(DataError, match="mine has no class 'It'"):
        read_class_texts(csv(tmp_path / "b.csv", "class,text", rows), "mine", names)


def test_without_a_header(tmp_path: Path) -> None:
    turned = [(text, name) for name, text in ROWS]
    assert read_class_texts(csv(tmp_path / "a.csv", "", turned), "mine", NAMES) == FOUND
    rows = [("description", "what a thing is"), ("entity", "an animal")]
    found = read_class_texts(csv(tmp_path / "b.csv", "", rows), "mine", ("description", "entity"))
    assert found == ((0, "what a thing is"), (1, "an animal"))
    with pytest.raises(DataError, match=r"no class 'spma': did you mean 'spam'\? If it names the columns"):
        read_class_texts(csv(tmp_path / "c.csv", "", [("spma", "x"), *ROWS]), "mine", NAMES)


@pytest.mark.parametrize(
    ("header", "rows", "says"),
    [
        ("class,text", [*ROWS, ("spma", "x")], r"mine has no class 'spma': did you mean 'spam'\?"),
        ("class,text", ROWS[1:], "has no text for 'not_spam'; every class needs one"),
        ("class,text", [*ROWS, ("not_spam", "buy now")], "'buy now' stands for two classes, spam and not_spam"),
        ("class,text", [*ROWS, ("spam", "")], "the row 'spam' lacks a text"),
        ("class,text", [*ROWS, ("", "lonely")], "the row 'lonely' lacks a class"),
        ("a,b,c", [("spam", "x", "y")], "needs a column 'class' and a column 'text'; its columns are a, b, c"),
        ("class", [("spam",)], "needs a column 'class' and a column 'text'"),
    ],
)
def test_what_cannot_be_used_is_said(header: str, rows: list[tuple[str, str]], says: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=says):
        read_class_texts(csv(tmp_path / "texts.csv", header, rows), "mine", NAMES)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no file"):
        read_class_texts(tmp_path / "texts.csv", "mine", NAMES)
