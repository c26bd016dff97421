"""A driver that is killed at the worst moments loses nothing, doubles nothing, and leaves nothing running."""

from __future__ import annotations

import json
import os
import re
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

from tune_dml.config import State
from tune_dml.tuning.journal import Journal

TRIALS = 4
#: In place of the two seeds of other searches.
BRIEF = ["--confirm-seeds", "1"]


def _finished(journal: str) -> int:
    return len(re.findall(r'"op_code":6[^\n]*"state":[123]', journal))


MOMENTS: dict[str, Callable[[str], bool]] = {
    "before the first report": lambda text: '"config"' in text and "round:" not in text,
    "mid-round": lambda text: "round:1" in text,
    "many trials finished": lambda text: _finished(text) >= 5,
    # Runs of baselines can come earlier, in slots that would be idle.
    "during confirm": lambda text: '"candidate"' in text and _finished(text) >= TRIALS + 2,
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_kill_and_resume(
    moment: str,
    tmp_path: Path,
    space_file: Path,
    search_arguments: tuple[str, ...],
    signalled: Callable[..., Any],
    tune_dml: Callable[..., Any],
) -> None:
    folder = tmp_path / "results" / "searches" / "killed"
    options = ["--trials", str(TRIALS), "--space", str(space_file), "--name", "killed", *BRIEF]
    where = ["--results", str(tmp_path / "results")]
    # Two trials at a time where that makes a difference; elsewhere one worker is less to start.
    slots = ["--concurrency", "2" if moment == "mid-round" else "1"]
    arguments = [*search_arguments, *options, *slots, *where]
    signalled(arguments, folder / "study.log", MOMENTS[moment], signal.SIGKILL)
    assert not list(folder.rglob("checkpoint_*")), "a checkpoint was written during the search"
    before = Journal(folder, write=False).records() if moment != "mid-round" else []
    if moment == "mid-round":
        # What a kill in the middle of a write leaves as well.
        with (folder / "study.log").open("a") as stream:
            stream.write('{"op_code": 8, "worker_id": "torn')
        lock = folder / "study.log.lock"
        if not lock.is_symlink():  # now and then the kill has left one itself
            os.symlink(folder / "study.log", lock)
    resumed = tune_dml("resume", "killed", *where, "--json")
    assert resumed.code == 0, resumed.err

    journal = Journal(folder, write=False)
    trials, baselines = journal.records(), journal.records("baseline")
    assert len(trials) == TRIALS
    assert [b.name for b in baselines] == ["probe", "reference_ce"]
    assert {r.state for r in trials + baselines} <= {State.COMPLETE, State.PRUNED, State.FAIL}
    for old in before:
        if old.params:
            assert trials[old.number].params == old.params
        assert len(trials[old.number].rounds) >= len(old.rounds)
        for one, other in zip(old.rounds, trials[old.number].rounds, strict=False):
            assert one.scores == other.scores
    runs = Counter((run.candidate, run.seed) for run in journal.confirm_runs())
    assert set(runs.values()) == {1}
    document = json.loads(resumed.out)
    assert len(document["winner"]["test"]["accuracy"]["seeds"]) == 1
    assert (folder / "model" / "model.safetensors").is_file()
    _check_mlflow(tmp_path / "results", trials + baselines)


def _client(results: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{results / 'mlflow.db'}")


def _runs(results: Path) -> list[Any]:
    client = _client(results)
    [experiment] = [e for e in client.search_experiments() if e.name == "tune-dml/bbc"]
    return list(client.search_runs([experiment.experiment_id], max_results=1000))


def _check_mlflow(results: Path, records: list[Any]) -> None:
    client, runs = _client(results), _runs(results)
    children = [r for r in runs if "mlflow.parentRunId" in r.data.tags]
    assert len(runs) - len(children) == 1
    assert Counter(r.info.run_name for r in children) == Counter(r.name for r in records)
    assert all(r.info.status != "RUNNING" for r in runs)
    for record in records:
        [run] = [r for r in children if r.info.run_name == record.name]
        history = client.get_metric_history(run.info.run_id, "accuracy")
        assert sorted(point.step for point in history) == [item.number for item in record.rounds]


def test_ctrl_c_saves_everything_and_says_how_to_go_on(
    tmp_path: Path,
    space_file: Path,
    search_arguments: tuple[str, ...],
    signalled: Callable[..., Any],
    tune_dml: Callable[..., Any],
) -> None:
    folder = tmp_path / "results" / "searches" / "stopped"
    where = ["--results", str(tmp_path / "results")]
    options = ["--trials", str(TRIALS), "--space", str(space_file), "--name", "stopped", "--concurrency", "1", *BRIEF]
    arguments = [*search_arguments, *options, *where]
    ended = signalled(arguments, folder / "study.log", lambda text: _finished(text) >= 2, signal.SIGINT)
    assert ended.code == 130, ended.err
    assert "tune-dml resume stopped" in ended.out
    assert "reference_ce" in ended.out
    assert "Traceback" not in ended.out + ended.err
    statuses = {run.info.status for run in _runs(tmp_path / "results")}
    assert "RUNNING" not in statuses
    listed = tune_dml("list", *where)
    assert "interrupted" in listed.out
    assert tune_dml("resume", *where, "-q").code == 0
    records = Journal(folder, write=False).records()
    assert len(records) == TRIALS
    assert State.RUNNING not in {r.state for r in records}
    _check_mlflow(tmp_path / "results", records + Journal(folder, write=False).records("baseline"))
