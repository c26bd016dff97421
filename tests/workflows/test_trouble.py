"""Trials that fail."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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


@pytest.mark.slow
def test_failed_trials_are_recorded_and_the_search_goes_on(
    tmp_path: Path, tune_dml: Any, search_arguments: tuple[str, ...], with_store: Callable[[Path], Path]
) -> None:
    space = tmp_path / "failing.yaml"
    space.write_text(FAILING)
    where = ["--results", str(with_store(tmp_path / "results")), "--name", "failing", "--no-confirm", "--json"]
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
