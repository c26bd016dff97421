"""Ctrl-C saves everything and says how to go on."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evidence import check_mlflow, finished_in, runs_of

from tune_dml.config import State
from tune_dml.tuning.journal import Journal


@pytest.mark.slow
def test_ctrl_c_saves_everything_and_says_how_to_go_on(
    tmp_path: Path,
    space_file: Path,
    search_arguments: tuple[str, ...],
    signalled: Callable[..., Any],
    tune_dml: Callable[..., Any],
) -> None:
    folder = tmp_path / "results" / "searches" / "stopped"
    where = ["--results", str(tmp_path / "results")]
    options = [
        "--trials",
        "3",
        "--folds",
        "2",
        "--confirm-seeds",
        "1",
        "--space",
        str(space_file),
        "--name",
        "stopped",
        "--concurrency",
        "1",
    ]
    arguments = [*search_arguments, *options, *where]
    ended = signalled(arguments, folder / "study.log", lambda text: finished_in(text) >= 2, signal.SIGINT)
    assert ended.code == 130, ended.err
    assert "tune-dml resume stopped" in ended.out
    assert "reference_ce" in ended.out
    assert "Traceback" not in ended.out + ended.err
    statuses = {run.info.status for run in runs_of(tmp_path / "results")}
    assert "RUNNING" not in statuses
    listed = tune_dml("list", *where)
    assert "interrupted" in listed.out
    assert tune_dml("resume", *where, "-q").code == 0
    records = Journal(folder, write=False).records()
    assert len(records) == 3
    assert State.RUNNING not in {r.state for r in records}
    check_mlflow(tmp_path / "results", records + Journal(folder, write=False).records("baseline"))
