"""A whole search where little is as usual: no locks, an ASCII terminal, folders with names that mean much in URIs."""

from __future__ import annotations

import csv
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import Command, Ended
from evidence import finished_in

from tune_dml.config import State
from tune_dml.config.characters import shown
from tune_dml.errors import ResultsError
from tune_dml.models.encoder_source import find_encoder
from tune_dml.tracking import best_per_task
from tune_dml.tracking.mlflow_store import connect, embedded_uri
from tune_dml.tuning.journal import Journal
from tune_dml.workflows.show import list_searches

ODD = "a%2Fb what?#结果 'q' [x]"
LABELS = ("好评", "négatif")
#: The command, with a file system that has no flock and a terminal that has no letters but English ones.
THERE = """
import errno, fcntl, os, sys

def flock(file, kind):
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

fcntl.flock = flock
sys.stdout.reconfigure(encoding="ascii", errors="strict")
from tune_dml.cli import main

raise SystemExit(main({!r}))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with texts, an encoder, a space, and room for results and their copies."""
    place = tmp_path_factory.mktemp("there") / ODD
    place.mkdir()
    rows = "".join(f"{('fine', 'dull')[i % 2]} film number {i},{LABELS[i % 2]}\n" for i in range(60))
    (place / "texts.csv").write_text("text,label\n" + rows, encoding="utf-8")
    (place / "space.yaml").write_text("loss: {choices: [ce, supcon]}\nepochs: 2\nlr: 5.0e-4\nmax_length: 16\n")
    encoder = find_encoder("bert-tiny").folder
    assert encoder is not None
    shutil.copytree(encoder, place / "encoder")
    return place


@pytest.mark.long
def test_a_search_is_run_killed_and_resumed_there(place: Path, tune_dml: Callable[..., Ended], tmp_path: Path) -> None:
    results, where = place / "results", ["--results", str(place / "results")]
    folder = results / "searches" / "one"
    options = ["--data", str(place / "texts.csv"), "--encoder", str(place / "encoder"), "--shots", "20", "--folds", "2"]
    options += ["--space", str(place / "space.yaml"), "--trials", "2", "--confirm-seeds", "1", "--name", "one", *where]
    options += ["--store", str(place / "copies"), "--concurrency", "1"]
    first = Command(["-c", THERE.format(["search", "--task", "films", *options])], tmp_path)
    deadline = time.monotonic() + 120
    try:
        while not ((folder / "study.log").exists() and finished_in((folder / "study.log").read_text())):
            if not first.is_running() or time.monotonic() > deadline:
                pytest.fail(f"it never came that far: {first.ended(0)}")
            time.sleep(0.05)
        assert [row.state for row in list_searches(str(results))] == ["running"]
        with pytest.raises(ResultsError, match=r"is being run by another process \(process \d+ on "):
            Journal(folder)
    finally:
        first.send_signal(9)
        killed = first.ended(30)
    assert "has no locks; the file driver.holder.lock is there for one." in killed.out
    for label in LABELS:
        assert f"{shown(label, 'ascii')} 10" in killed.out
    assert [row.state for row in list_searches(str(results))] == ["interrupted"]
    resumed = tune_dml("-c", THERE.format(["resume", "one", *where]))
    assert resumed.code == 0, resumed.err
    assert resumed.out.isascii()
    assert "which runs no more, is taken over" in resumed.out
    assert "Winner" in resumed.out
    for words in ("nternal error", "Traceback", "warning: MLflow", "not have everything"):
        assert words not in killed.out + killed.err + resumed.out + resumed.err
    assert [row.state for row in list_searches(str(results))] == ["finished"]
    assert {record.state for record in Journal(folder, write=False).records()} <= {State.COMPLETE, State.PRUNED}
    _check_mlflow(results, tmp_path)
    assert (place / "copies" / "one" / "model" / "model.safetensors").is_file()
    # Nothing was written beside what was named.
    assert sorted(os.listdir(place)) == ["copies", "encoder", "results", "space.yaml", "texts.csv"]
    assert os.listdir(place.parent) == [ODD]
    assert {"mlartifacts", "mlflow.db", "searches"} == {n for n in os.listdir(results) if not n.startswith(".")}
    assert not list(folder.glob("*holder*"))
    _check_predictions(place, folder, tune_dml)


def _check_mlflow(results: Path, tmp_path: Path) -> None:
    [row] = best_per_task(embedded_uri(results))
    client = connect(embedded_uri(results))
    runs = client.search_runs([client.get_run(row.run_id).info.experiment_id])
    assert len(runs) == 1 + 2 + 2, "the search, its trials and the baselines"
    report = Path(client.download_artifacts(row.run_id, "report.html", str(tmp_path)))
    assert all(label in report.read_text(encoding="utf-8") for label in LABELS)


def _check_predictions(place: Path, folder: Path, tune_dml: Callable[..., Any]) -> None:
    """In a pipe or a file they are in UTF-8, whatever the terminal."""
    predicted = tune_dml("-c", THERE.format(["predict", str(folder / "model"), str(place / "texts.csv")]))
    assert predicted.code == 0, predicted.err
    rows = list(csv.DictReader(predicted.out.splitlines()))
    assert len(rows) == 60
    assert {row["label"] for row in rows} <= set(LABELS)
    assert {f"p({label})" for label in LABELS} <= set(rows[0])
