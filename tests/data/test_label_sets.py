"""Tasks of the kind ``multilabel``: how labels are read, drawn and scored."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from sklearn.metrics import f1_score, log_loss

from tune_dml.config import DrawSettings, TaskSettings
from tune_dml.data import METRICS, Split, Task, draw_shots, load_task, make_folds
from tune_dml.data.kinds import MULTILABEL
from tune_dml.data.label_sets import parts, separator_of
from tune_dml.errors import DataError

TARGET = MULTILABEL.target
ROWS = [("a", ["x"]), ("b", ["x", "y"]), ("c", []), ("d", ["y"]), ("e", ["z", "x"]), ("f", ["x", "y", "z"])]


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Task]:
    def loaded(name: str, content: str, **settings: object) -> Task:
        (tmp_path / name).write_text(content)
        return load_task(TaskSettings("mine", str(tmp_path / name), kind="multilabel", no_test=True, **settings))

    return loaded


def lines(rows: list[tuple[str, object]]) -> str:
    return "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows)


def sets(task: Task) -> list[tuple[str, ...]]:
    return TARGET.named(task.train.labels, task.label_names)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("x", ["x"]), ("x;y", ["x", "y"]), (" x ; y;", ["x", "y"]), ('["x", "y"]', ["x", "y"]), ("[]", []),
     ("[1, 2]", ["1", "2"]), ("y;y", ["y"]), ("[odd;x", ["[odd", "x"]), ('["a;b"]', ["a;b"]),
     ("('x', 'y')", ["x", "y"]), ("{'x'}", ["x"]), ('{"choices": ["x", "y"]}', ["x", "y"]), ("()", []),
     ("(x) or (y)", ["(x) or (y)"]), ("{x;y}", ["{x", "y}"]), ("[True x]", ["True x"])],
)  # fmt: skip
def test_a_label_s_parts(written: str, expected: list[str]) -> None:
    assert parts(written) == expected


@pytest.mark.parametrize(
    ("labels", "separator"),
    [(["a|b", "a", "b"], "|"), (["a, b", "b", "a", "a, c, b", "c"], ","), (["a#b", "b#c", "a", "c"], "#"),
     (["C#", "Java", "C"], ";"), (["Food, drink", "Sports"], ";"), (["a;b", "a|b", "a", "b"], ";"), (["a", "b"], ";"),
     (["['a', 'b']", "['a']"], ";"), ([], ";"), (["a\nb", "a", "b"], "\n")],
)  # fmt: skip
def test_what_stands_between_names(labels: list[str], separator: str) -> None:
    assert separator_of(labels) == separator


def test_another_separator_is_said(load: Callable[..., Task]) -> None:
    task = load("a.csv", "text,label\n" + "\n".join(f"{t},{'|'.join(n) or '[]'}" for t, n in ROWS) + "\n")
    assert sets(task) == [tuple(sorted(names)) for _, names in ROWS]
    assert any("'|' between them" in note for note in task.notes)
    one = load("b.csv", 'text,label\na,"x, y"\nb,z\nc,"x, y"\n')
    assert one.label_names == ("x, y", "z")
    assert any("'x, y' are one name each" in note for note in one.notes)


@pytest.mark.parametrize(
    "form",
    [json.dumps, lambda row: str(row).replace(",", ""), lambda row: str([float(mark) for mark in row]),
     lambda row: str([bool(mark) for mark in row]).replace(",", " ")],
)  # fmt: skip
def test_rows_of_zeros_and_ones_are_positions(load: Callable[..., Task], form: Callable[[list[int]], str]) -> None:
    marks = [[int(name in names) for name in "xyz"] for _, names in ROWS]
    task = load("a.csv", "text,label\n" + "\n".join(f'{t},"{form(m)}"' for (t, _), m in zip(ROWS, marks, strict=True)))
    assert task.label_names == ("0", "1", "2")
    assert task.train.labels.tolist() == marks
    assert any("rows of 0 and 1" in note for note in task.notes)


def test_a_row_of_another_length_is_refused(load: Callable[..., Task], tmp_path: Path) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    (folder / "train.jsonl").write_text(lines([(f"t{i}", [0, 0, i % 2]) for i in range(6)]))
    (folder / "test.jsonl").write_text(lines([("u", [1, 0])]))
    with pytest.raises(DataError, match="rows of 3 zeros and ones"):
        load_task(TaskSettings("mine", str(folder), kind="multilabel"))


def test_a_column_for_each_label(load: Callable[..., Task]) -> None:
    rows = "\n".join(f"{t},{','.join(str(int(n in names)) for n in 'xyz')}" for t, names in ROWS)
    task = load("a.csv", f"text,x,Y,z\n{rows}\n", label_column="x, y,z")
    assert task.label_names == ("Y", "x", "z")
    assert sets(task)[-1] == ("Y", "x", "z")
    with pytest.raises(DataError, match=r"column 'z' holds '7'.*1 or 0"):
        load("b.csv", "text,x,z\na,1,7\nb,0,1\n", label_column="x,z")
    with pytest.raises(DataError, match="no label column 'x,nothing'"):
        load("c.csv", "text,x,z\na,1,0\nb,0,1\n", label_column="x,nothing")


def test_a_column_that_never_says_yes_is_left_out_and_said(load: Callable[..., Task]) -> None:
    task = load("a.csv", "text,X,none,z\na,1,0,0\nb,0,0,1\nc,1,0,1\n", label_column="x,none,z")
    assert task.label_names == ("X", "z")
    assert any("No training text has 'none'" in note and "'X'" not in note for note in task.notes)


@pytest.mark.parametrize("extra", [{"drop_unknown_labels": True}, {}])
def test_names_that_no_training_text_has_are_said_one_by_one(extra: dict[str, bool], tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text(lines([(f"t{i}", ["x", "y"][: 1 + i % 2]) for i in range(6)]))
    (tmp_path / "test.jsonl").write_text(lines([("u", ["x", "new"]), ("v", ["new", "y"]), ("w", ["x"])]))
    settings = TaskSettings("mine", str(tmp_path), kind="multilabel", **extra)
    if extra:
        notes = load_task(settings).notes
        assert any("2 of 3 rows dropped" in note and "carries: 'new' (2)." in note for note in notes)
    else:
        with pytest.raises(DataError, match=r"2 of 3 rows of the test split .* carries: 'new' \(2\)\."):
            load_task(settings)


def test_too_few_shots_for_all_labels(load: Callable[..., Task]) -> None:
    task = load("a.jsonl", lines(ROWS))
    with pytest.raises(DataError, match="--shots 2 is too few: give 4 or more, so that all labels are among them"):
        draw_shots(task.train, MULTILABEL, DrawSettings(shots=2))


def test_minus_one_in_every_column_is_a_missing_label(load: Callable[..., Task], tmp_path: Path) -> None:
    """As the test split of the toxic comments of Jigsaw has it."""
    (tmp_path / "train.csv").write_text("text,x,z\n" + "".join(f"t{i},{i % 2},1\n" for i in range(6)))
    (tmp_path / "test.csv").write_text("text,x,z\nu,-1,-1\nv,-1,-1\n")
    task = load_task(TaskSettings("mine", str(tmp_path), kind="multilabel", label_column="x,z"))
    assert any("test split has no labels" in note for note in task.notes)
    with pytest.raises(DataError, match="1 of 3 rows of the training split have no label"):
        load("a.csv", "text,x,z\na,1,0\nb,-1,-1\nc,0,1\n", label_column="x,z")
    with pytest.raises(DataError, match=r"column 'x' holds '-1'.*1 or 0"):
        load("b.csv", "text,x,z\na,1,0\nb,-1,1\n", label_column="x,z")


def test_a_column_for_each_label_is_no_class(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,x,z\na,1,0\nb,0,1\n")
    with pytest.raises(DataError, match="those of --kind multilabel"):
        load_task(TaskSettings("mine", str(tmp_path / "a.csv"), label_column="x,z"))


def test_lists_without_the_kind_are_told_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines(ROWS))
    with pytest.raises(DataError, match="Several labels for a text need --kind multilabel"):
        load_task(TaskSettings("mine", str(tmp_path / "a.jsonl")))
    rows = [(text, str(names)) for text, names in ROWS]
    (tmp_path / "b.jsonl").write_text(lines(rows))
    task = load_task(TaskSettings("mine", str(tmp_path / "b.jsonl"), no_test=True))
    assert any("--kind multilabel takes them as several labels" in note for note in task.notes)
    (tmp_path / "c.jsonl").write_text(lines([("a", "[x]"), ("b", "[y]")]))
    one_each = load_task(TaskSettings("mine", str(tmp_path / "c.jsonl"), no_test=True))
    assert not any("--kind" in note for note in one_each.notes)


def test_one_label_for_every_text_is_said(load: Callable[..., Task]) -> None:
    said = "Every training text has one label."
    assert any(said in note for note in load("a.jsonl", lines([("a", "x/y"), ("b", "x")])).notes)
    assert not any(said in note for note in load("b.jsonl", lines(ROWS)).notes)


def test_lists_and_texts_say_the_same(load: Callable[..., Task], tmp_path: Path) -> None:
    expected = [tuple(sorted(names)) for _, names in ROWS]
    as_lists = load("a.jsonl", lines(ROWS))
    assert (as_lists.kind, as_lists.label_names) == ("multilabel", ("x", "y", "z"))
    assert sets(as_lists) == expected
    semicolons = "\n".join(f'{text},"{";".join(names) or "[]"}"' for text, names in ROWS)
    assert sets(load("a.csv", f"text,label\n{semicolons}\n")) == expected
    table = pa.table({"text": [text for text, _ in ROWS], "label": [names for _, names in ROWS]})
    pa.parquet.write_table(table, tmp_path / "a.parquet")
    task = load_task(TaskSettings("mine", str(tmp_path / "a.parquet"), kind="multilabel", no_test=True))
    assert sets(task) == expected
    assert task.train.hashes() == as_lists.train.hashes()


@pytest.mark.parametrize("type_", ["Sequence", "List"])
def test_lists_of_numbers_that_the_file_names(tmp_path: Path, type_: str) -> None:
    """As ``datasets`` writes a column of lists of ``ClassLabel``."""
    features = {"text": {"_type": "Value"}, "label": {"feature": {"names": list("zyx")}, "_type": type_}}
    table = pa.table(
        {"text": [text for text, _ in ROWS], "label": [["zyx".index(n) for n in names] for _, names in ROWS]}
    )
    about = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    pa.parquet.write_table(table.replace_schema_metadata(about), tmp_path / "a.parquet")
    task = load_task(TaskSettings("mine", str(tmp_path / "a.parquet"), kind="multilabel", no_test=True))
    assert sets(task) == [tuple(sorted(names)) for _, names in ROWS]


def test_objects_of_label_studio(load: Callable[..., Task]) -> None:
    rows = [(text, {"choices": names} if len(names) > 1 else [*names, "y"][0]) for text, names in ROWS]
    assert sets(load("a.jsonl", lines(rows)))[1] == ("x", "y")


def test_names_in_several_ways_are_one(load: Callable[..., Task]) -> None:
    task = load("a.jsonl", lines([("a", ["True"]), ("b", ["true", "x"]), ("c", "x;true"), ("d", ["x"])]))
    assert len(task.label_names) == 2
    assert any("written in several ways" in note for note in task.notes)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("a", ["x"]), ("b", None), ("c", ["y"])], "1 of 3 rows of the training split have no label"),
        ([("a", ["x"]), ("b", ["x"])], "every training text has the same labels"),
        ([("a", ["x"])], "leaves 1 training text after cleaning"),
        ([("a", {"x": 1}), ("b", ["x"])], "holds dict values"),
    ],
)  # fmt: skip
def test_what_cannot_be_learnt_is_refused(
    load: Callable[..., Task], rows: list[tuple[str, object]], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        load("a.jsonl", lines(rows))


def test_a_label_of_the_test_split_alone(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text(lines(ROWS))
    (tmp_path / "test.jsonl").write_text(lines([("g", ["x"]), ("h", ["x", "new"])]))
    with pytest.raises(DataError, match="1 of 2 rows of the test split have labels that no training text carries"):
        load_task(TaskSettings("mine", str(tmp_path), kind="multilabel"))
    task = load_task(TaskSettings("mine", str(tmp_path), kind="multilabel", drop_unknown_labels=True))
    assert task.test is not None
    assert TARGET.named(task.test.labels, task.label_names) == [("x",)]


def test_a_label_that_cleaning_took_is_none(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text(lines([*ROWS, ("rare", ["gone"])]))
    (tmp_path / "test.jsonl").write_text(lines([("g", ["x"]), ("rare", ["gone"])]))
    task = load_task(TaskSettings("mine", str(tmp_path), kind="multilabel", drop_unknown_labels=True))
    assert task.label_names == ("x", "y", "z")
    assert task.test is not None
    assert len(task.test) == 1


def test_draws_and_folds_spread_the_rarest_labels() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random((400, 4)) < [0.6, 0.3, 0.1, 0.05]).astype(np.int64)
    pool = Split(tuple(map(str, range(400))), None, labels, None)
    rows = draw_shots(pool, MULTILABEL, DrawSettings(shots=60))
    assert len(rows) == 60
    drawn = pool.take(rows)
    # As many of the rarest as there should be, by the text.
    assert abs(int(drawn.labels[:, 3].sum()) - round(60 * labels[:, 3].mean())) <= 1
    for fold in make_folds(drawn, MULTILABEL, DrawSettings(folds=3), None):
        assert drawn.labels[fold.train].any(axis=0).all()
    with pytest.raises(DataError, match="--shots-per-class is for texts with one class each"):
        draw_shots(pool, MULTILABEL, DrawSettings(shots=None, shots_per_class=4))


def test_few_shots_do_not_leave_texts_without_labels() -> None:
    """Probabilities of a model that has learnt little are low: of those that are right, most count."""
    rng = np.random.default_rng(2)
    p = rng.beta(1.5, 3.0, size=(2_000, 5))
    y = (rng.random(p.shape) < p).astype(np.int64)
    assert METRICS["micro_f1"].of(p, y) > f1_score(y, p > 0.5, average="micro") + 0.05
    assert TARGET.decided(p).sum() == pytest.approx(y.sum(), rel=0.5)


def test_metrics_are_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    p, y = rng.random((50, 4)), rng.integers(2, size=(50, 4))
    f1, loss = METRICS["micro_f1"], METRICS["binary_log_loss"]
    assert f1.of(p, y) == pytest.approx(f1_score(y, p > 1 / 3, average="micro"))
    assert loss.of(p, y) == pytest.approx(log_loss(y.ravel(), p.ravel()))
    weights = rng.integers(3, size=(5, 50)).astype(np.float32)
    assert f1.weighted is not None
    for row, value in zip(weights.astype(int), f1.weighted(p, y, weights), strict=True):
        assert value == pytest.approx(
            f1_score(np.repeat(y, row, axis=0), np.repeat(p, row, axis=0) > 1 / 3, average="micro")
        )
    assert f1.of(np.zeros((2, 4)), np.zeros((2, 4), dtype=np.int64)) == 0.0
