"""Trials that fail, and a time budget that ends."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

from tune_dml.config import State
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


class _Bomb:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return (Path.touch, (self.marker,))


def test_failed_trials_are_recorded_and_the_search_goes_on(
    tmp_path: Path, tune_dml: Any, search_arguments: tuple[str, ...]
) -> None:
    space = tmp_path / "failing.yaml"
    space.write_text(FAILING)
    where = ["--results", str(tmp_path / "results"), "--name", "failing", "--no-confirm", "--json"]
    ended = tune_dml(*search_arguments, "--trials", "4", "--concurrency", "1", "--space", str(space), *where)
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert document["failed"] == {"nan": 1, "out_of_memory": 1, "collapse": 1}
    assert document["winner"]["trial"] == 3
    records = Journal(tmp_path / "results" / "searches" / "failing", write=False).records()
    assert [r.state for r in records] == [State.FAIL, State.FAIL, State.FAIL, State.COMPLETE]
    # Where Ray Tune would look if it were to restore anything.
    scratch, marker = tmp_path / "results" / "searches" / "failing" / "ray", tmp_path / "exploded"
    scratch.mkdir(exist_ok=True)
    for name in ("tuner.pkl", "trainable.pkl", "searcher-state.pkl"):
        (scratch / name).write_bytes(pickle.dumps(_Bomb(marker)))
    confirmed = tune_dml("confirm", "failing", "--results", str(tmp_path / "results"), "--confirm-seeds", "1", "--json")
    assert confirmed.code == 0, confirmed.err
    assert len(json.loads(confirmed.out)["winner"]["test"]["accuracy"]["seeds"]) == 1
    assert not marker.exists(), "something was unpickled"


def test_time_budget_ends_in_a_confirmed_result(
    tmp_path: Path, tune_dml: Any, search_arguments: tuple[str, ...], space_file: Path
) -> None:
    where = ["--results", str(tmp_path / "results"), "--name", "brief", "--json"]
    arguments = [*search_arguments, "--space", str(space_file), "--trials", "5000", "--time-budget", "25s"]
    ended = tune_dml(*arguments, *where)
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert len(document["winner"]["test"]["accuracy"]["seeds"]) == 2
    # Of 5,000 trials that would take an hour; half of this is what a busy machine may need to start twice.
    assert document["search"]["seconds"] < 100
    records = Journal(tmp_path / "results" / "searches" / "brief", write=False).records()
    assert State.RUNNING not in {r.state for r in records}
    assert any(r.reason == "time budget" for r in records)
