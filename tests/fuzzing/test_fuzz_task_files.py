"""Files of labelled texts, and of texts to classify, as they come from others."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from hostile import CASES, FUZZ, NAMES, mutated, read_or_refused, texts
from hypothesis import given, settings
from hypothesis import strategies as st

from tune_dml.config import TaskSettings
from tune_dml.data import Reading, Task, load_task, read_texts
from tune_dml.data.text_forms import TEXT_FORMS, TextForm

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

_ROWS = [
    (f"{'a fine' if i % 2 else 'a poor'} film, the {i}th", "good" if i % 2 else "bad", f"u{i % 4}") for i in range(12)
]
_COLUMNS = ("text", "label", "user", "text_a", "text_b", "sentence1", "sentence2", "Label", "", "x" * 300)
_CELLS = (
    "good",
    "bad",
    "a film",
    "",
    " ",
    "0",
    "1",
    "1.0",
    "-1",
    "007",
    "9" * 5_000,
    "nan",
    '"',
    "a\nb",
    "a\tb",
    "\ufeff",
    "\x1b",
)
_VALUES: tuple[Any, ...] = (
    *_CELLS,
    None,
    True,
    0,
    -1,
    1.5,
    1e300,
    float("inf"),
    float("nan"),
    10**400,
    [],
    {},
    ["a"],
    "\ud800",
)


def _separated(separator: str, rows: list[tuple[str, ...]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue().encode()


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def _parquet(columns: dict[str, list[Any]], **options: Any) -> bytes:
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), out, **options)
    return out.getvalue()


_HEADED: list[tuple[str, ...]] = [("text", "label", "user"), *_ROWS]
_PAIRED: list[tuple[str, ...]] = [("sentence1", "sentence2", "label"), *((b, a, c) for a, b, c in _ROWS)]
_DICTS = [{"text": text, "label": i % 2, "user": None} for i, (text, _, _) in enumerate(_ROWS)]
SAMPLES = {
    ".csv": [_separated(",", _HEADED), _separated(",", _PAIRED), _separated(",", _HEADED).decode().encode("utf-16")],
    ".tsv": [_separated("\t", _HEADED), "\n".join("\t".join(row) for row in _PAIRED).encode()],
    ".jsonl": [_lines(_DICTS), _lines([{**row, "label": "ja" if row["label"] else "nein"} for row in _DICTS])],
}
PARQUETS = [
    _parquet({"text": [row[0] for row in _ROWS], "label": [i % 2 for i in range(12)]}),
    _parquet({"text": [row[0] for row in _ROWS], "label": [row[1] for row in _ROWS]}, compression="none"),
    _parquet(
        {"text": [row[0] for row in _ROWS], "label": [1.0, None] * 6, "when": [pyarrow.scalar(0)] * 12},
        compression="zstd",
    ),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@st.composite
def tables(draw: st.DrawFn, suffix: str) -> bytes:
    """Nearly what is asked for: some columns are missing, doubled or wrong, some cells are odd, some rows ragged."""
    names = ["text", "label", *draw(st.lists(st.sampled_from(_COLUMNS), max_size=2))]
    names = draw(st.permutations(names)) if draw(st.booleans()) else names
    values = _VALUES if suffix == ".jsonl" else _CELLS
    cell = st.sampled_from(("good", "bad", "a film", "b film")) | st.sampled_from(values)
    width = len(names)
    rows = draw(st.lists(st.lists(cell, min_size=width, max_size=width + draw(st.booleans())), max_size=8))
    if suffix == ".jsonl":
        return _lines([dict(zip(names, row, strict=False)) for row in rows])
    return _separated("," if suffix == ".csv" else "\t", [tuple(names), *map(tuple, rows)])


_COLUMN = st.none() | st.sampled_from(("text", "label", "user", "lable", *NAMES))
SETTINGS = st.builds(
    TaskSettings,
    st.sampled_from(("mine", "mine", "SST2", "MRPC", *NAMES)),
    st.none(),
    st.just(()) | st.sampled_from((("text",), ("user",), ("text", "user"), ("text", "text"), ("a", "b", "c"), ("",))),
    _COLUMN,
    _COLUMN,
    st.booleans(),
    st.none() | st.sampled_from(("cp1252", "utf-16", "gb18030", "utf9", "rot13", "idna", *NAMES)),
    st.booleans(),
    st.booleans(),
)


def check_usable(task: Task) -> None:
    """All that is written of a task later, and shown, can be."""
    assert len(task.label_names) == len(set(task.label_names)) >= 2
    for split in filter(None, (task.train, task.validation, task.test)):
        assert all((*split.texts, *(split.texts_b or ())))
        assert 0 <= split.labels.min() <= split.labels.max() < len(task.label_names)
        "".join((*split.texts, *(split.texts_b or ()), *(split.groups or ()))).encode()
    "".join((task.name, *task.label_names, task.source, *task.notes)).encode()


@FUZZ
@given(
    file=st.sampled_from(tuple(SAMPLES)).flatmap(
        lambda suffix: st.tuples(
            st.just(suffix), st.one_of(mutated(SAMPLES[suffix]), tables(suffix), st.binary(max_size=60))
        )
    ),
    asked=SETTINGS,
    form=st.sampled_from(TEXT_FORMS),
    keep=st.just(()) | st.sampled_from((("all",), ("user", "text"), ("",))),
)
def test_a_file_is_read_or_refused_in_a_sentence(
    folder: Path, file: tuple[str, bytes], asked: TaskSettings, form: TextForm, keep: tuple[str, ...]
) -> None:
    suffix, content = file
    path = folder / f"data{suffix}"
    path.write_bytes(content)
    task = read_or_refused(folder, lambda: load_task(replace(asked, data=str(path))))
    if task is not None:
        check_usable(task)
    reading = Reading(asked.encoding, asked.header)
    found = read_or_refused(folder, lambda: read_texts(path, asked.text_columns, form, keep, reading))
    if found is not None:
        assert {len(cells) for cells in found.kept.values()} <= {len(found.rows)}
        "".join(part for row in found.rows for part in ((row,) if isinstance(row, str) else row)).encode()


@settings(FUZZ, max_examples=CASES // 4)
@given(content=mutated(PARQUETS) | st.binary(max_size=60).map(lambda inner: b"PAR1" + inner + b"PAR1"))
def test_a_parquet_file_is_read_or_refused_in_a_sentence(folder: Path, content: bytes) -> None:
    path = folder / "data.parquet"
    path.write_bytes(content)
    task = read_or_refused(folder, lambda: load_task(TaskSettings("mine", str(path))))
    if task is not None:
        check_usable(task)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folders, some of which lead round in a circle or out of the tree."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("mine", "MINE", "日本", ".hidden"):
        (tree / name).mkdir()
        (tree / name / "train.csv").write_bytes(SAMPLES[".csv"][0])
    (tree / "mine" / "test.csv").mkdir()
    (tree / "loop").symlink_to(tree)
    (tree / "self").symlink_to(tree / "self")
    (tree / "device.csv").symlink_to("/dev/zero")
    os.mkfifo(tree / "pipe.csv")
    return tree


@settings(FUZZ, max_examples=CASES // 4)
@given(
    task=st.sampled_from(("mine", "loop", "self")) | texts(),
    place=st.sampled_from(("", "mine", "loop/loop/MINE", "self", "device.csv", "pipe.csv", "mine/train.csv/x"))
    | texts(),
)
def test_names_of_tasks_and_folders_are_read_or_refused_in_a_sentence(tree: Path, task: str, place: str) -> None:
    # What is absolute, or begins at home, is the user's own wish.
    data = place if place.startswith("~") else f"{tree}/{place}"
    found = read_or_refused(tree, lambda: load_task(TaskSettings(task, data)))
    assert found is None or len(found.label_names) >= 2
