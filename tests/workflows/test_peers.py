"""Other tools as arms, where they are installed."""

from __future__ import annotations

from pathlib import Path

import pytest

import tune_dml

SMALL = {"tasks": ["bbc"], "shots": 20, "draws": 1, "encoder": "bert-tiny", "folds": 2, "trials": 2, "confirm_seeds": 2}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("peer", "module"), [("setfit", "setfit"), ("trainer", "accelerate")])
def test_it_is_given_the_same_draw_and_scored_like_others(peer: str, module: str, tmp_path: Path) -> None:
    pytest.importorskip(module)
    arms = {"probe": {"peer": "linear_probe"}, "theirs": {"peer": peer}}
    found = tune_dml.compare({**SMALL, "arms": arms}, results=str(tmp_path))
    [theirs] = [result for result in found.results if result.arm == "theirs"]
    assert theirs.reason is None
    assert theirs.value is not None
    assert 0.2 < theirs.value < 1
    assert len(theirs.seeds) == 2
    assert theirs.training_seconds
    assert theirs.trials == (2 if peer == "trainer" else 1)


def test_a_task_that_it_cannot_take_is_written_down(tmp_path: Path) -> None:
    pytest.importorskip("setfit")
    data = tmp_path / "pairs.csv"
    rows = [f"a{i},b{i},{'same' if i % 2 else 'other'}" for i in range(40)]
    data.write_text("text_a,text_b,label\n" + "\n".join(rows) + "\n")
    tasks = [{"task": "pairs", "data": str(data)}]
    found = tune_dml.compare(
        {**SMALL, "tasks": tasks, "arms": {"theirs": {"peer": "setfit"}}}, results=str(tmp_path / "r")
    )
    [result] = found.results
    assert result.value is None
    assert result.reason == "The peer setfit cannot take a task of the kind pair."
    assert found.answer == []
