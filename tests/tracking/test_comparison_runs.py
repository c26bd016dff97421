from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from tune_dml.tracking import embedded_uri
from tune_dml.tracking.comparison_runs import CellTold, write_comparison


def cell(number: int) -> CellTold:
    return CellTold(
        f"cell-{number}", {"task": "bbc", "arm": "ce", "draw": str(number)}, {"accuracy": 0.5 + number / 10}
    )


@pytest.mark.parametrize("name", ["mine", 'it\'s, a "name"'])
def test_a_run_for_each_cell_below_one_for_all(tmp_path: Path, name: str) -> None:
    report = tmp_path / "report.html"
    report.write_text("<p>1</p>")
    write_comparison(name, tmp_path, None, "half", [cell(0)], [report], ended=False)
    write_comparison(name, tmp_path, None, "a beat b", [cell(0), cell(1)], [report], ended=True)
    write_comparison("another", tmp_path, None, "", [cell(0)], [], ended=True)
    client = MlflowClient(embedded_uri(tmp_path))
    experiment = client.get_experiment_by_name("tune-dml/comparisons")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    [parent] = [run for run in runs if run.info.run_name == name]
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["mlflow.note.content"] == "a beat b"
    assert [a.path for a in client.list_artifacts(parent.info.run_id)] == ["report.html"]
    children = {r.info.run_name: r for r in runs if r.data.tags.get("mlflow.parentRunId") == parent.info.run_id}
    assert sorted(children) == ["cell-0", "cell-1"]
    assert children["cell-1"].data.metrics == {"accuracy": 0.6}
    assert children["cell-1"].data.params == {"task": "bbc", "arm": "ce", "draw": "1"}
    assert len(runs) == 5
