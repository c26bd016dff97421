"""A comparison by the command line: killed at three points and gone on with, then held against an independent
computation on its own CSV."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from command import Ended
from evidence import finished_in
from mlflow import MlflowClient

from tune_dml.tracking import embedded_uri
from tune_dml.tuning.journal import Journal

FILE = {
    "tasks": ["bbc"],
    "shots": 20,
    "draws": 2,
    "encoder": "bert-tiny",
    "trials": 2,
    "folds": 2,
    "confirm_seeds": 2,
    "concurrency": 1,
    "searcher": "random",
    "arms": {
        "ce": {"losses": ["ce"]},
        "fixed": {"recipe": {"loss": "supcon", "lr": 1.0e-3, "epochs": 2}},
        "probe": {"peer": "linear_probe"},
    },
}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "kills", [pytest.param((1,), id="once"), pytest.param((0, 1, 2), id="three times", marks=pytest.mark.long)]
)
def test_killed_no_cell_is_lost_or_run_twice(
    kills: tuple[int, ...], tmp_path: Path, tune_dml: Callable[..., Ended], signalled: Callable[..., Ended]
) -> None:
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(FILE, sort_keys=False))
    results = tmp_path / "results"
    command = ["compare", "tiny.yaml", "--results", str(results), "--quiet"]
    plan = json.loads(
        tune_dml("compare", "tiny.yaml", "--results", str(results), "--dry-run", "--json", cwd=tmp_path).out
    )
    assert (plan["cells"], plan["missing"]) == (6, 6)
    assert plan["estimated_seconds"] > 0
    cells, report = results / "cells", results / "comparisons" / "tiny"
    searches = results / "searches"

    def studies() -> list[Path]:
        return sorted(searches.glob("*/study.log"), key=lambda path: path.stat().st_mtime)

    def results_of() -> dict[str, tuple[float, int]]:
        return {path.name: (path.stat().st_mtime, path.stat().st_size) for path in cells.glob("*.json")}

    # In the middle of the first cell; once a cell has ended; in the middle of a later one.
    points: list[Callable[[], bool]] = [
        lambda: any(finished_in(path.read_text()) for path in studies()),
        lambda: len(results_of()) >= 2,
        lambda: len(studies()) >= 3 and any(finished_in(path.read_text()) for path in studies()[2:]),
    ]
    for point in (points[kill] for kill in kills):
        before = results_of()
        ended = signalled(command, tmp_path / "tiny.yaml", lambda _, reached=point: reached(), signal.SIGKILL, tmp_path)
        assert ended.code == -signal.SIGKILL, ended.err
        assert before.items() <= results_of().items()
    ended = tune_dml(*command[:-1], "--json", cwd=tmp_path)
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert (document["comparison"]["cells"], document["comparison"]["done"]) == (6, 6)
    table = pd.read_csv(report / "cells.csv")
    assert len(table) == 6
    assert not table.duplicated(["task", "shots", "draw", "arm"]).any()
    assert table.value.between(0, 1).all()
    assert len(list(searches.iterdir())) == 4
    for path in studies():
        ended_trials = Journal(path.parent, write=False).records()
        wanted = 1 if "-supcon-" in path.parent.name else 2
        assert [record.number for record in ended_trials] == list(range(wanted))
    _check_statistics(document, table)
    for name in ("report.html", "report.md", "report.tex"):
        assert (report / name).stat().st_size > 500
    # Nothing is left to be run: the same command says the same again, and runs nothing.
    before = results_of()
    again = json.loads(tune_dml(*command[:-1], "--no-run", "--json", cwd=tmp_path).out)
    assert again == document
    assert results_of() == before
    assert not list(searches.glob("*/model"))
    listed = json.loads(tune_dml("list", "--results", str(results), "--json").out)
    assert {row["state"] for row in listed} == {"finished"}
    client = MlflowClient(embedded_uri(results))
    experiment = client.get_experiment_by_name("tune-dml/comparisons")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    assert sorted(run.info.run_name for run in runs) == sorted(["tiny", *(path.stem for path in cells.glob("*.json"))])
    assert json.loads(tune_dml("best", "--results", str(results), "--json").out)
    shown = tune_dml("show", next(p.parent.name for p in studies()), "--results", str(results), "--json", cwd=tmp_path)
    assert json.loads(shown.out)["search"]["shots"] == 20


def _check_statistics(document: dict, table: pd.DataFrame) -> None:
    """Of the one group, by other means than the package's."""
    [group] = document["groups"]
    wide = table.pivot(index="draw", columns="arm", values="value")
    for arm in group["arms"]:
        values = wide[arm["arm"]]
        assert arm["draws"] == len(values) == 2
        assert np.isclose(arm["mean"], sum(values) / 2)
        assert np.isclose(arm["spread"], abs(values[0] - values[1]) / 2**0.5)
    assert {pair["arm"] for pair in group["paired"]} == {"fixed", "probe"}
    for pair in group["paired"]:
        differences = (wide[pair["arm"]] - wide["ce"]).tolist()
        assert np.allclose(pair["differences"], differences)
        assert np.isclose(pair["mean"], sum(differences) / 2)
        # Two draws: no interval, no test.
        assert pair["interval"] is None
        assert pair["p"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Give a comparison's file"),
        (["nothing.yaml"], "no shipped comparison and no file"),
        (["small", "--tasks", "bbc"], "not both"),
        (["--tasks", "bbc", "--losses", "ce,supcn"], "no shipped search space"),
        (["--tasks", "bbc", "--losses", "ce", "--shots", "1"], "neither a number from 2 up nor 'full'"),
        (["--tasks", " , "], "empty"),
        (["small", "--no-run"], "There is no comparison 'small'"),
    ],
)
def test_mistakes_are_a_sentence(
    arguments: list[str], words: str, tmp_path: Path, tune_dml: Callable[..., Ended]
) -> None:
    ended = tune_dml("compare", *arguments, "--results", str(tmp_path / "r"))
    assert ended.code == 2, ended.err
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "r").exists()


@pytest.mark.long
@pytest.mark.timeout(900)
def test_small_takes_minutes(tmp_path: Path, tune_dml: Callable[..., Ended]) -> None:
    begun = time.monotonic()
    ended = tune_dml("compare", "small", "--results", str(tmp_path), "--json")
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert document["comparison"]["done"] == document["comparison"]["cells"] == 15
    assert time.monotonic() - begun < 360
