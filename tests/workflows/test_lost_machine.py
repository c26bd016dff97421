"""A driver that is killed, and its disk lost: the search goes on elsewhere from the copy in a store."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evidence import check_mlflow, finished_in
from s3_server import CREDENTIALS, S3

from tune_dml.config import State
from tune_dml.storage import open_store, parse_address
from tune_dml.tuning.journal import Journal

TRIALS = 5


def with_credentials(*arguments: str) -> list[str]:
    """A command in whose environment the store's credentials are."""
    code = f"import os; os.environ.update({CREDENTIALS!r})\n"
    code += f"import tune_dml.cli; raise SystemExit(tune_dml.cli.main({list(arguments)!r}))"
    return ["-c", code]


def copy_of(uri: str, name: str) -> dict[str, bytes]:
    """All files of a search in the store."""
    store, found = open_store(parse_address(uri)), {}
    for entry in store.entries(name):
        # One may be replaced at this very moment.
        with contextlib.suppress(FileNotFoundError), store.read(f"{name}/{entry.name}") as stream:
            found[entry.name] = stream.read()
    return found


@pytest.mark.long
def test_a_search_goes_on_on_another_machine(
    s3: S3,
    tmp_path: Path,
    space_file: Path,
    search_arguments: tuple[str, ...],
    signalled: Callable[..., Any],
    tune_dml: Callable[..., Any],
) -> None:
    lost, here = tmp_path / "lost", tmp_path / "here"
    options = ["--trials", str(TRIALS), "--folds", "2", "--confirm-seeds", "1", "--concurrency", "1"]
    options += ["--space", str(space_file), "--name", "moved", "--store", s3.uri, "--store-every", "0.3"]

    def copied_enough(_: str) -> bool:
        return finished_in(copy_of(s3.uri, "moved").get("study.log", b"").decode()) >= 2

    command = with_credentials(*search_arguments, *options, "--results", str(lost))
    signalled(command, lost / "searches" / "moved" / "study.log", copied_enough, signal.SIGKILL)
    shutil.rmtree(lost)

    where = ["--results", str(here)]
    fetched = tune_dml(*with_credentials("fetch", s3.uri, "moved", *where))
    assert fetched.code == 0, fetched.err
    assert "tune-dml resume moved" in fetched.out
    folder = here / "searches" / "moved"
    before = Journal(folder, write=False).records()
    resumed = tune_dml(*with_credentials("resume", "moved", *where, "--json"))
    assert resumed.code == 0, resumed.err
    assert "hidden" not in resumed.out + resumed.err + (folder / "search.yaml").read_text()
    assert not lost.exists()

    journal = Journal(folder, write=False)
    trials, baselines = journal.records(), journal.records("baseline")
    assert [record.number for record in trials] == list(range(TRIALS))
    assert {record.state for record in trials + baselines} <= {State.COMPLETE, State.PRUNED, State.FAIL}
    for old, new in zip(before, trials, strict=False):
        assert not old.params or new.params == old.params
        assert [r.scores for r in new.rounds][: len(old.rounds)] == [r.scores for r in old.rounds]
    runs = Counter((run.candidate, run.seed) for run in journal.confirm_runs())
    assert set(runs.values()) == {1}
    check_mlflow(here, trials + baselines)

    # The copy has gone on too, to the last byte, and serves a third machine.
    copies = copy_of(s3.uri, "moved")
    assert {name: (folder / name).read_bytes() for name in copies} == copies
    assert {"study.log", "best.yaml", "report.html", "model/model.safetensors"} <= copies.keys()
    third = ["--results", str(tmp_path / "third")]
    assert tune_dml(*with_credentials("fetch", s3.uri, "moved", *third)).code == 0
    check_mlflow(tmp_path / "third", trials + baselines)
    shown = tune_dml("show", "moved", "--json", *third)
    assert json.loads(shown.out)["winner"] == json.loads(resumed.out)["winner"]
    texts = tmp_path / "texts.csv"
    texts.write_text("text\nStriker signs for United\n")
    model = tmp_path / "third" / "searches" / "moved" / "model"
    predicted = tune_dml("predict", str(model), str(texts))
    assert predicted.code == 0, predicted.err
