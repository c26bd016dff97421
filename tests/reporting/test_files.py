"""Atomic files and the table of predictions."""

import json
import stat

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tune_dml.errors import EnvironmentFault, ResultsError
from tune_dml.reporting import predictions_table, replacing, write_csv_atomic, write_predictions, write_text_atomic

LABELS = np.arange(10) % 2


def test_text_is_written_as_it_is(tmp_path):
    path = tmp_path / "new" / "best.yaml"
    write_text_atomic(path, "a: 'ü'\r\n")
    assert path.read_bytes() == "a: 'ü'\r\n".encode()
    assert [p.name for p in path.parent.iterdir()] == ["best.yaml"]
    assert stat.S_IMODE(path.stat().st_mode) & 0o400


def test_an_exception_in_the_middle_leaves_the_old_file(tmp_path):
    path = tmp_path / "best.yaml"
    write_text_atomic(path, "old")

    def fail_halfway():
        with replacing(path) as temporary:
            temporary.write_text("ne")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        fail_halfway()
    with pytest.raises(UnicodeEncodeError):
        write_text_atomic(path, "lone surrogate \ud800")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["best.yaml"]


def test_a_refusing_file_system_is_an_environment_fault(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFault, match="Cannot write"):
        write_text_atomic(tmp_path / "file" / "best.yaml", "text")
    with pytest.raises(EnvironmentFault, match="Cannot write"):
        write_text_atomic(tmp_path, "text")


def test_csv(tmp_path):
    write_csv_atomic(tmp_path / "a.csv", pd.DataFrame({"a": [1, 2], "b": ["x,y", None]}))
    assert (tmp_path / "a.csv").read_text() == 'a,b\n1,"x,y"\n2,\n'


def test_predictions_come_back_out_of_the_file(tmp_path, report, confirm_runs):
    path = tmp_path / "predictions.parquet"
    write_predictions(path, report.records, confirm_runs, LABELS, [1, 1, 0, 1], ["no", "yes"])
    table = pq.read_table(path)
    assert json.loads(table.schema.metadata[b"label_names"]) == ["no", "yes"]
    frame = table.to_pandas()
    assert list(frame.columns) == [
        "stage", "kind", "trial", "name", "loss", "seed_or_round", "readout", "row", "label", "p_0", "p_1",
    ]  # fmt: skip
    assert frame["p_0"].dtype == np.float32
    for record in report.records:
        for done in record.rounds:
            for readout, p in done.probabilities.items():
                same = (frame["name"] == record.name) & (frame["seed_or_round"] == done.number)
                part = frame[same & (frame["stage"] == "cv") & (frame["readout"] == readout)]
                np.testing.assert_array_equal(part[["p_0", "p_1"]].to_numpy(), p)
                np.testing.assert_array_equal(part["row"], done.rows)
                np.testing.assert_array_equal(part["label"], LABELS[done.rows])
    test = frame.query("stage == 'test'")
    assert sorted(set(zip(test["name"], test["readout"], strict=True))) == [
        ("probe", "logistic"), ("supcon #2", "centroid"), ("supcon #2", "logistic"),
    ]  # fmt: skip
    assert test["label"].tolist() == [1, 1, 0, 1] * 3
    assert frame[frame["kind"] == "baseline"]["trial"].isna().all()
    assert set(frame[frame["name"] == "supcon #2"]["trial"]) == {2}


def test_nothing_to_predict_is_an_empty_table():
    table = predictions_table([], [], [], None, ["a", "b", "c"])
    assert table.num_rows == 0
    assert table.column_names[-3:] == ["p_0", "p_1", "p_2"]


def test_a_confirm_run_of_nobody_is_refused(report, confirm_runs):
    with pytest.raises(ResultsError, match="belongs to no trial"):
        predictions_table(report.records[:1], confirm_runs, LABELS, [1, 1, 0, 1], ["no", "yes"])
