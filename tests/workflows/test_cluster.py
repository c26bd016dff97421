"""A search on several nodes: one is lost, one comes, the driver dies, MLflow is away; nothing is lost or doubled."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from evidence import check_mlflow, finished_in

from benchmarks.cluster_nodes import Nodes
from benchmarks.mlflow_server import Server
from tune_dml.config import State
from tune_dml.tuning.journal import Journal

pytestmark = pytest.mark.slow
TRIALS = 5


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    nodes = Nodes()
    yield nodes
    nodes.stop()


def test_doctor_looks_at_every_node(nodes: Nodes, tune_dml: Callable[..., Any]) -> None:
    ended = tune_dml("doctor", "--address", nodes.address, "--encoder", "bert-tiny", "--json")
    assert ended.code == 0, ended.out
    said = [check["says"] for check in json.loads(ended.out)]
    assert "3 nodes: the same Python and packages everywhere" in said
    assert "room for 2 trials of 1 CPUs and 0 GPUs at a time" in said


def test_a_trial_that_no_node_can_hold_is_refused(nodes: Nodes, tune_dml: Callable[..., Any], tmp_path: Path) -> None:
    where = ["--address", nodes.address, "--results", str(tmp_path)]
    ended = tune_dml("search", "--task", "bbc", "--encoder", "bert-tiny", "--cpus-per-trial", "2", *where)
    assert ended.code == 3
    assert "A trial needs 2 CPUs and 0 GPUs, but the machines have" in ended.err
    assert not (tmp_path / "searches").exists() or not list((tmp_path / "searches").iterdir())


@pytest.mark.long
@pytest.mark.timeout(600)
def test_cells_of_a_comparison_share_the_nodes(nodes: Nodes, tune_dml: Callable[..., Any], tmp_path: Path) -> None:
    recipe = {"loss": "supcon", "lr": 1.0e-3, "epochs": 1}
    arms = {"short": {"recipe": recipe}, "none": {"recipe": {**recipe, "epochs": 0}}}
    values = {"tasks": ["bbc"], "shots": 20, "draws": 2, "encoder": "bert-tiny", "folds": 2, "confirm_seeds": 1}
    (tmp_path / "two.yaml").write_text(json.dumps({**values, "arms": arms}))
    where = ["--results", str(tmp_path / "results"), "--address", nodes.address]
    ended = tune_dml("compare", "two.yaml", *where, "--cells-at-once", "2", "--json", cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["comparison"]["done"] == 4
    assert "[4/4]" in ended.err
    cells = (tmp_path / "results" / "comparisons" / "two" / "cells.jsonl").read_text().splitlines()
    assert all(json.loads(cell)["value"] is not None for cell in cells)


@pytest.mark.long
def test_nothing_is_lost_and_nothing_doubled(
    nodes: Nodes,
    tune_dml: Callable[..., Any],
    signalled: Callable[..., Any],
    search_arguments: tuple[str, ...],
    space_file: Path,
    tmp_path: Path,
) -> None:
    results = tmp_path / "results"
    results.mkdir()
    folder, server = results / "searches" / "hard", Server(tmp_path, results)
    server.start()
    done: list[str] = []

    def happens(text: str) -> bool:
        """Whether the driver is to be killed; before that, a node and MLflow go, and a node comes."""
        if "round:1" in text and not done:
            nodes.kill()
            nodes.add()
            server.stop()
            done.append("node lost")
        return finished_in(text) >= 4

    where = ["--results", str(results)]
    options = ["--trials", str(TRIALS), "--space", str(space_file), "--name", "hard", "--tracking-uri", server.uri]
    try:
        arguments = [*search_arguments, *options, *where, "--address", nodes.address]
        signalled(arguments, folder / "study.log", happens, signal.SIGKILL)
        assert done
        server.start()
        resumed = tune_dml("resume", "hard", *where, "--json")
        assert resumed.code == 0, resumed.err
        assert json.loads(resumed.out)["lost_workers"] >= 1
        journal = Journal(folder, write=False)
        trials, baselines = journal.records(), journal.records("baseline")
        assert [r.number for r in trials] == list(range(TRIALS))
        assert {r.state for r in trials + baselines} <= {State.COMPLETE, State.PRUNED}
        runs = Counter((run.candidate, run.seed) for run in journal.confirm_runs())
        assert set(runs.values()) == {1}
        check_mlflow(results, trials + baselines)
    finally:
        server.stop()
