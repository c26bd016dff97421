"""A real search whose results are moved, twice; and whose MLflow store is lost and written anew."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Ended
from finished_search import FinishedSearch

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PARENT = """
import json, sys, mlflow
from tune_dml.tracking import embedded_uri
from tune_dml.tracking.mlflow_store import connect
from pathlib import Path
client = connect(embedded_uri(Path({results!r})))
runs = client.search_runs(
    [e.experiment_id for e in client.search_experiments()], "tags.`tune_dml.kind` = 'search'"
)
(parent,) = runs
history = client.get_metric_history(parent.info.run_id, "best_cv_accuracy")
# As MLflow gives them, those of one batch are in any order.
curve = sorted((m.step, round(m.value, 6)) for m in history)
mlflow.set_tracking_uri(embedded_uri(Path({results!r})))
model = mlflow.pyfunc.load_model("models:/tune-dml-bbc-25@best")
answer = model.predict(["shares fall as profits drop"])["label"][0]
tags = {{k: v for k, v in parent.data.tags.items() if k.startswith("tune_dml.")}}
print(json.dumps([parent.data.params, tags, len(curve), curve[-1], str(answer), parent.info.status]))
"""


@pytest.fixture
def moved_to(finished: FinishedSearch, tmp_path: Path) -> Callable[[str], Path]:
    """The results at another path of this test's, where they are no more after the next call."""
    place: list[Path] = []

    def move(name: str) -> Path:
        new = tmp_path / name
        if place:
            place[-1].rename(new)
        else:
            shutil.copytree(finished.results, new)
        place.append(new)
        return new

    return move


def test_moved_results_go_on_at_their_new_place(
    moved_to: Callable[[str], Path], tune_dml: Callable[..., Ended], tmp_path: Path
) -> None:
    first = moved_to("first")
    assert tune_dml("sync", "--results", str(first)).code == 0
    commands = ((("best",), ("resume", "whole")), (("sync",), ("confirm", "whole", "--confirm-seeds", "2")))
    for name, (opening, following) in zip(("second #1", "third"), commands, strict=True):
        results = moved_to(name)
        ended = tune_dml(*opening, "--results", str(results))
        assert ended.code == 0, ended.err
        assert (ended.out + ended.err).count("The results were moved from") == 1
        ended = tune_dml(*following, "--results", str(results))
        assert ended.code == 0, ended.err
        assert "moved from" not in ended.out + ended.err
        assert not ended.err
        ended = tune_dml("-c", PARENT.format(results=str(results)))
        assert ended.code == 0, ended.err
    best = results / "searches" / "whole" / "best.yaml"
    ended = tune_dml("train", "--config", str(best), "--fold", "1", "--output", str(tmp_path / "again"))
    assert ended.code == 0, ended.err
    shown = tune_dml("show", "whole", "--json", "--results", str(results))
    assert f"{first}/" not in shown.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "third"]


def test_a_lost_store_is_written_anew(moved_to: Callable[[str], Path], tune_dml: Callable[..., Ended]) -> None:
    results = moved_to("results")
    assert tune_dml("sync", "--results", str(results)).code == 0
    asked = ("best", "--json", "--results", str(results))
    before = json.loads(tune_dml(*asked).out)
    parent = tune_dml("-c", PARENT.format(results=str(results))).out
    store = results / "mlflow.db"
    os.truncate(store, store.stat().st_size // 2)
    ended = tune_dml("resume", "whole", "--results", str(results))
    assert ended.code == 0, "the results on disk are complete"
    assert (ended.out + ended.err).count("is damaged") == 1
    assert "Move it away" in ended.out + ended.err
    for command in (["sync"], ["sync", "whole"], ["best"], ["ui"]):
        ended = tune_dml(*command, "--results", str(results))
        assert ended.code == 3, (command, ended)
        assert len(ended.err.strip().splitlines()) == 1
        assert "is damaged" in ended.err
        assert "SELECT" not in ended.err
    mend = ended.err.partition("Move it away, with ")[2].partition(", and run ")
    subprocess.run(mend[0], shell=True, check=True)
    sync = mend[2].partition(", which")[0]
    assert sync == f"tune-dml sync --results {results}"
    ended = tune_dml(*sync.split()[1:])
    assert ended.code == 0, ended.err
    assert "MLflow has everything" in ended.out
    after = json.loads(tune_dml(*asked).out)
    for row in (*before, *after):
        row.pop("run_id")
        row["confirmed"].pop("seconds", None)
    assert after == before
    assert tune_dml("-c", PARENT.format(results=str(results))).out == parent
