"""Trials that fail, a time budget that ends, and data that must not be executed."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from tune_dml.config import State, TaskSettings
from tune_dml.data import load_task
from tune_dml.errors import TuneDMLError
from tune_dml.tuning.journal import Journal

FAILING = """
loss: {choices: [ce, supcon, softtriple]}
lr: {float: [1.0e-4, 1.0], log: true}
epochs: 4
max_length: 24
beta: 0.1
supcon: {temperature: {float: [1.0e-38, 0.5], log: true}}
softtriple: {centers: {int: [1, 1000000000], log: true}}
first:
  - {loss: supcon, lr: 5.0e-4, supcon: {temperature: 1.0e-38}}
  - {loss: softtriple, lr: 5.0e-4, softtriple: {centers: 1000000000}}
  - {loss: ce, lr: 1.0}
  - {loss: supcon, lr: 5.0e-4, supcon: {temperature: 0.1}}
"""


def test_failed_trials_are_recorded_and_the_search_goes_on(
    tmp_path: Path, tune_dml: Any, search_arguments: tuple[str, ...]
) -> None:
    space = tmp_path / "failing.yaml"
    space.write_text(FAILING)
    where = ["--results", str(tmp_path / "results"), "--name", "failing", "--no-confirm", "--json"]
    ended = tune_dml(*search_arguments, "--trials", "4", "--space", str(space), *where)
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert document["failed"] == {"nan": 1, "out_of_memory": 1, "collapse": 1}
    assert document["winner"]["trial"] == 3
    records = Journal(tmp_path / "results" / "searches" / "failing", write=False).records()
    assert [r.state for r in records] == [State.FAIL, State.FAIL, State.FAIL, State.COMPLETE]
    confirmed = tune_dml("confirm", "failing", "--results", str(tmp_path / "results"), "--confirm-seeds", "1", "--json")
    assert confirmed.code == 0, confirmed.err
    assert len(json.loads(confirmed.out)["winner"]["test"]["accuracy"]["seeds"]) == 1


def test_time_budget_ends_in_a_confirmed_result(
    tmp_path: Path, tune_dml: Any, search_arguments: tuple[str, ...], space_file: Path
) -> None:
    where = ["--results", str(tmp_path / "results"), "--name", "brief", "--json"]
    arguments = [*search_arguments, "--space", str(space_file), "--trials", "5000", "--time-budget", "40s"]
    ended = tune_dml(*arguments, *where)
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert len(document["winner"]["test"]["accuracy"]["seeds"]) == 2
    assert document["search"]["seconds"] < 60
    records = Journal(tmp_path / "results" / "searches" / "brief", write=False).records()
    assert State.RUNNING not in {r.state for r in records}
    assert any(r.reason == "time budget" for r in records)


class _Bomb:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return (Path.touch, (self.marker,))


def test_nothing_is_unpickled(finished: Any, tune_dml: Any, tmp_path: Path) -> None:
    marker = tmp_path / "exploded"
    bomb = pickle.dumps(_Bomb(marker))
    folder, model = finished.folder, finished.folder / "model"
    (folder / "ray").mkdir(exist_ok=True)
    planted = [folder / "ray" / "tuner.pkl", folder / "searcher-state.pkl", finished.results / "study.pkl"]
    planted += [model / name for name in ("pytorch_model.bin", "heads.pt", "readout.pkl", "training_args.bin")]
    data = tmp_path / "data"
    data.mkdir()
    rows = [f"{word} {i},{label}" for i in range(10) for word, label in (("good film", "yes"), ("bad film", "no"))]
    (data / "all.csv").write_text("\n".join(["text,label", *rows]))
    planted += [data / name for name in ("train.pkl", "train.pt", "dataset.pickle", "state.json.pkl")]
    for path in planted:
        path.write_bytes(bomb)
    try:
        assert tune_dml("show", "whole", "--results", str(finished.results)).code == 0
        texts = tmp_path / "new.csv"
        texts.write_text("text\nStriker signs\n")
        assert tune_dml("predict", str(model), str(texts)).code == 0
        assert len(load_task(TaskSettings("films", str(data))).label_names) == 2
        with pytest.raises(TuneDMLError):
            load_task(TaskSettings("films", str(data / "train.pkl")))
        assert tune_dml("resume", "whole", "--results", str(finished.results), "-q").code == 0
    finally:
        for path in planted:
            path.unlink(missing_ok=True)
    assert not marker.exists()
    pickle.loads(bomb)
    assert marker.exists()
