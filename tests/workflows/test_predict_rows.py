"""``predict``: a row out for each row in, in order, with what else stood in it, and a word about how it was read."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from tune_dml.cli import main
from tune_dml.losses import check
from tune_dml.models.description import ModelDescription
from tune_dml.models.encoder import load_bundle, load_tokenizer
from tune_dml.models.encoder_source import find_encoder
from tune_dml.models.folder import save_model
from tune_dml.models.readouts import READOUT_SPECS, Trained
from tune_dml.recipe import Configuration

LABELS = ("good", "bad")
OURS = ["label", "p(good)", "p(bad)"]


def _model(folder: Path, kind: str) -> Path:
    source = find_encoder("bert-tiny")
    assert source.folder is not None
    bundle = load_bundle(source)
    config = check(Configuration(loss="ce", max_length=24))
    vectors = np.random.default_rng(0).normal(size=(8, 128)).astype(np.float32)
    fitted = READOUT_SPECS["logistic"].fit(Trained(config, "single", 2, vectors, np.arange(8) % 2, {}, {}, 10.0))
    about = ModelDescription("mine", kind, LABELS, "mean", 24, "float32", "logistic", fitted.values, config.to_dict())
    save_model(folder, about, bundle, bundle.state, fitted, load_tokenizer(source.folder))
    return folder


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _model(tmp_path_factory.mktemp("single") / "model", "single")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _model(tmp_path_factory.mktemp("pair") / "model", "pair")


Run = Callable[..., tuple[list[list[str]], str]]


@pytest.fixture
def predict(single: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Rows of the output, its header first, and what is on stderr."""

    def run(name: str, content: bytes | str, *options: str, model: Path | None = None) -> tuple[list[list[str]], str]:
        raw = content.encode() if isinstance(content, str) else content
        if name == "-":
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="ascii"))
        elif raw:
            (tmp_path / name).write_bytes(raw)
        file = name if name == "-" else str(tmp_path / name)
        code = main(["predict", str(model or single), file, *options])
        out = capsys.readouterr()
        assert code == (0 if out.out else 2), out.err
        if "jsonl" in options:
            return [[line] for line in out.out.splitlines()], out.err
        return list(csv.reader(io.StringIO(out.out))), out.err

    return run


BLANKS = {
    "stdin": ("-", "one\n\n  \ntwo\n"),
    "a text a line": ("a.txt", "one\r\n\r\n  \r\ntwo"),
    "one column": ("a.csv", "text\none\n\n  \ntwo\n"),
    "columns": ("a.csv", "text,id\none,1\n\n,3\ntwo,4\n"),
    "tabs": ("a.tsv", "text\tid\none\t1\n\n\t3\ntwo\t4\n"),
    "nulls": ("a.jsonl", '{"text": "one"}\n{"text": null}\n{"id": 3}\n{"text": "two"}\n'),
    "NaN": ("a.jsonl", '{"text": "one"}\n{"text": NaN}\n{"text": ""}\n{"text": "two"}\n'),
}


@pytest.mark.parametrize("case", BLANKS)
def test_a_row_out_for_each_row_in(case: str, predict: Run) -> None:
    rows, said = predict(*BLANKS[case])
    assert rows[0] == ["text", *OURS]
    assert [row[0] for row in rows[1:]] == ["one", "", "", "two"]
    assert all(row[1] in LABELS and all(row) for row in (rows[1], rows[4]))
    assert "2 of 4 texts are missing or blank" in said


@pytest.mark.parametrize("word", ["NaN", "None", "null", "NA"])
def test_words_that_mean_nothing_elsewhere_are_texts(word: str, predict: Run) -> None:
    rows, said = predict("a.csv", f"text,id\n{word},{word}\n", "--keep", "all")
    assert rows[1][:2] == [word, word]
    assert said == ""


IDS = ["007", "1e5", "12345678901234567890", "1.10", "None", " padded ", "", "-0"]


@pytest.mark.parametrize("keep", ["all", "id,note"])
def test_kept_columns_come_first_and_unchanged(keep: str, predict: Run) -> None:
    content = "note,text,id\n" + "".join(f'"n, {i}",text {i},{each}\n' for i, each in enumerate(IDS))
    rows, _ = predict("a.csv", content, "--keep", keep)
    names = ["note", "id"] if keep == "all" else ["id", "note"]
    assert rows[0] == [*names, "text", *OURS]
    place = names.index("id")
    assert [row[place] for row in rows[1:]] == IDS
    assert [row[1 - place] for row in rows[1:]] == [f"n, {i}" for i in range(len(IDS))]
    lines, _ = predict("a.csv", content, "--keep", keep, "--format", "jsonl")
    assert [json.loads(line)["id"] for [line] in lines] == IDS


def test_numbers_of_json_keep_their_digits(predict: Run) -> None:
    cells = ["1.10", "12345678901234567890", "1e5", "null", "true", '"007"', '{"a": [1.50]}']
    content = "".join(f'{{"id": {cell}, "text": "a"}}\n' for cell in cells)
    rows, _ = predict("a.jsonl", content, "--keep", "id")
    assert [row[0] for row in rows[1:]] == ["1.10", "12345678901234567890", "1e5", "", "true", "007", '{"a": [1.50]}']
    lines, _ = predict("a.jsonl", content, "--keep", "id", "--format", "jsonl")
    assert [line.partition(', "text"')[0] for [line] in lines] == [f'{{"id": {cell}' for cell in cells]


def test_values_of_parquet_are_kept(predict: Run, tmp_path: Path) -> None:
    table = pyarrow.table({"id": [1, 2**62, None], "score": [1.5, None, 2.0], "text": ["a", None, "c"]})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    rows, said = predict("a.parquet", b"", "--keep", "all")
    assert [row[:3] for row in rows[1:]] == [["1", "1.5", "a"], [str(2**62), "", ""], ["", "2.0", "c"]]
    assert "1 of 3 texts is missing" in said


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_a_kept_column_never_overwrites_the_output_s_own(format: str, predict: Run) -> None:
    content = 'text,label,p(good),probabilities,label_input\na,mine,0.1,"x",older\n'
    rows, _ = predict("a.csv", content, "--keep", "all", "--format", format)
    if format == "csv":
        assert rows[0] == ["label_input", "p(good)_input", "probabilities", "label_input_input", "text", *OURS]
        assert rows[1][:5] == ["mine", "0.1", "x", "older", "a"]
    else:
        found = json.loads(rows[0][0])
        assert (found["label_input"], found["label_input_input"], found["p(good)"]) == ("mine", "older", "0.1")
        assert (found["probabilities_input"], set(found["probabilities"])) == ("x", set(LABELS))


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.csv", "id,text\n1,a\n", ("--keep", "idd"), "no column 'idd'"),
        ("a.csv", "id,id,text\n1,2,a\n", ("--keep", "all"), "'id' more than once"),
        ("-", "a\n", ("--keep", "id"), "Standard input"),
        ("a.txt", "a\n", ("--keep", "id"), "has no columns"),
        ("a.csv", "a warm film\nanother\n", (), "--no-header"),
        ("a.csv", "text\na\n", ("--encoding", "utf9"), "'utf9' is not the name of an encoding"),
        ("-", b"caf\xe9\n", ("--encoding", "utf-8"), "line 1 does not fit"),
    ],
)
def test_what_cannot_be_kept_or_read_is_refused(
    name: str, content: str | bytes, options: tuple[str, ...], message: str, predict: Run
) -> None:
    rows, said = predict(name, content, *options)
    assert rows == []
    assert message in said


@pytest.mark.parametrize("name", ["-", "a.txt", "a.csv"])
def test_the_encoding_is_found_and_said(name: str, predict: Run) -> None:
    content = ("text\n" if name == "a.csv" else "") + "It’s “naïve” – 12 €\n"
    rows, said = predict(name, content.encode("cp1252"))
    assert rows[1][0] == "It’s “naïve” – 12 €"
    assert "Windows-1252" in said
    rows, said = predict(name, content.replace("ï", "ł").encode("cp1250"), "--encoding", "cp1250")
    assert rows[1][0] == "It’s “nałve” – 12 €"
    assert said == ""


@pytest.mark.parametrize("content", ["7,a warm film\n8,\n9,dull\n", "a warm film\n\ndull\n"])
def test_files_without_a_header(content: str, predict: Run) -> None:
    rows, _ = predict("a.csv", content, "--no-header", "--keep", "all")
    assert rows[0] == [*(["1"] if "7" in content else []), "text", *OURS]
    assert [row[-4] for row in rows[1:]] == ["a warm film", "", "dull"]


def test_pairs_with_a_missing_half(pair: Path, predict: Run) -> None:
    rows, said = predict("a.csv", "id,text_a,text_b\n1,a,b\n2,,c\n\n", "--keep", "id", model=pair)
    assert [row[:3] for row in rows[1:]] == [["1", "a", "b"], ["2", "", "c"], ["", "", ""]]
    assert "2 of 3 texts are missing" in said
