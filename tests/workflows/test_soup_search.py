"""A search whose model is a soup: what it leaves, how it is made again, what a resume still has to do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from command import Ended
from evidence import runs_of

from tune_dml.config import SoupRound
from tune_dml.config.encoding import soup_round_to_json
from tune_dml.driver.confirming import Confirming
from tune_dml.driver.preparation import prepare_again
from tune_dml.driver.soup_making import SoupMaking
from tune_dml.evaluation.confirm_runs import TrainedModel
from tune_dml.models import load_classifier
from tune_dml.models.description import read_description
from tune_dml.models.readouts import FittedReadout
from tune_dml.reporting.output import silent
from tune_dml.reporting.wording import result_sentences
from tune_dml.results.assembly import assemble, pick
from tune_dml.results.search_file import read_search_file
from tune_dml.storage.kept_names import is_kept
from tune_dml.tuning.journal import Journal
from tune_dml.tuning.soup_notes import SoupEnded, soup_ended, soup_rounds

SMALL = "--task bbc --encoder bert-tiny --shots 25 --folds 3 --trials 1 --confirm-seeds 2 --concurrency 1 --name soup"


@pytest.fixture(scope="module")
def searched(
    tune_dml: Callable[..., Ended],
    space_file: Path,
    with_store: Callable[[Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, Any]]:
    results = with_store(tmp_path_factory.mktemp("soup") / "results")
    where = ["--space", str(space_file), "--results", str(results)]
    ended = tune_dml("search", *SMALL.split(), "--confirm-winner-only", "--no-reference-ce", *where, "--json")
    assert ended.code == 0, ended.err
    return results, json.loads(ended.out)


def test_the_model_is_the_mean_of_the_seeds(
    searched: tuple[Path, dict[str, Any]], tune_dml: Any, tmp_path: Path
) -> None:
    results, document = searched
    folder, soup = results / "searches" / "soup", document["winner"]["soup"]
    assert (soup["seeds"], soup["left_out"], soup["rounds"]) == (2, None, 1)
    assert list(document["baselines"]) == ["probe"]
    assert read_description(folder / "model").soup == 2
    assert yaml.safe_load((folder / "best.yaml").read_text())["soup"] == 2
    assert not (folder / ".soup").exists()
    board = pd.read_csv(folder / "leaderboard.csv")
    [row] = board[board.kind == "soup"].to_dict("records")
    assert row["test_accuracy_mean"] == pytest.approx(soup["test"]["accuracy"])
    [parent] = [run for run in runs_of(results) if "mlflow.parentRunId" not in run.data.tags]
    assert parent.data.metrics["soup_test_accuracy"] == pytest.approx(soup["test"]["accuracy"])
    # Made again from best.yaml, to the byte; one seed is another model.
    for arguments, same in (([], True), (["--seed", "0"], False)):
        out = tmp_path / ("again" if same else "seed")
        best = ["--config", str(folder / "best.yaml"), "--output", str(out), "--json"]
        ended = tune_dml("train", *best, *arguments)
        assert ended.code == 0, ended.err
        assert (json.loads(ended.out)["scores"]["accuracy"] == pytest.approx(soup["test"]["accuracy"])) or not same
        for name in ("model.safetensors", "readout.safetensors"):
            assert ((out / "model" / name).read_bytes() == (folder / "model" / name).read_bytes()) is same
    model = load_classifier(folder / "model")
    assert len(model.predict(["Striker signs for United"])) == 1


def _to_do(folder: Path, **changes: Any) -> tuple[list[tuple[str, Any]], bool]:
    """The jobs that a resume would hand out, and whether more come after them."""
    out, about = silent(), read_search_file(folder)
    settings = replace(about.settings, **changes)
    journal = Journal(folder)
    confirming = Confirming(prepare_again(replace(about, settings=settings), out), journal, out, confirm=True)
    follow_up = confirming.follow_up()
    jobs = []
    while (job := follow_up.next(True)) is not None:
        jobs.append((job.get("what", "seed"), job.get("seed", job.get("number"))))
    more = follow_up.more()
    journal.close()
    return jobs, more


def test_a_resume_does_what_is_missing(searched: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder = tmp_path / "searches" / "soup"
    shutil.copytree(searched[0] / "searches" / "soup", folder)
    assert _to_do(folder) == ([], False)
    # More seeds leave the soup as it is.
    assert _to_do(folder, confirm_seeds=3) == ([("seed", 2)], False)
    # An ensemble is made of seeds: all of them.
    assert _to_do(folder, ensemble=True) == ([("seed", 0), ("seed", 1)], False)
    # Without its model the soup is made again, of seeds that are trained again; what judged it is known.
    shutil.rmtree(folder / "model")
    assert _to_do(folder) == ([("seed", 0), ("seed", 1)], True)


def _unmade(searched: tuple[Path, dict[str, Any]], folder: Path) -> Path:
    """A copy of the search of which nothing is known of a soup yet."""
    shutil.copytree(searched[0] / "searches" / "soup", folder)
    lines = (folder / "study.log").read_text().splitlines(keepends=True)
    (folder / "study.log").write_text("".join(line for line in lines if '"soup' not in line))
    return folder


def test_it_is_given_up_where_a_seed_fails(searched: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, out = _unmade(searched, tmp_path / "searches" / "soup"), silent()
    about = read_search_file(folder)
    journal = Journal(folder)
    confirming = Confirming(prepare_again(about, out), journal, out, confirm=True)
    follow_up = confirming.follow_up()
    first, second, judging = (follow_up.next(True) for _ in range(3))
    assert follow_up.next(True) is None
    assert follow_up.more()
    follow_up.lost(first, "collapse", "")
    assert not follow_up.more()
    assert soup_ended(journal, first["name"]) == SoupEnded(2, left_out="collapse")
    # What ran beside it ends later, and says nothing any more.
    rows = about.folds[0].heldout
    guess = np.full((len(rows), 5), 0.2, dtype=np.float32)
    late = SoupRound(first["name"], judging["number"], rows, "logistic", guess, (guess, guess), 1.0)
    follow_up.done(judging, soup_round_to_json(late), None)
    assert soup_rounds(journal, first["name"]) == []
    follow_up.lost(second, "worker", "")
    assert confirming.has_ended
    journal.close()


def test_what_waits_for_the_other_seeds_is_in_no_copy() -> None:
    assert not is_kept(".soup/0-0.safetensors")


def test_a_soup_that_is_worse_is_left_out(searched: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder = _unmade(searched, tmp_path / "searches" / "soup")
    prepared, journal = prepare_again(read_search_file(folder), silent()), Journal(folder)
    picked = pick(prepared.about, journal)
    assert picked is not None
    making = SoupMaking(prepared, journal, picked.candidates[0], spent=10)
    assert [job["number"] for job in making.round_jobs()] == [1]
    assert making.seeds_missing() == {0, 1}
    rows = prepared.about.folds[0].heldout
    right = np.eye(5, dtype=np.float32)[prepared.about.heldout_labels()[rows]]
    making.take_round(SoupRound(making.winner.name, 1, rows, "logistic", right[:, ::-1], (right, right), 1.0))
    readout = FittedReadout("logistic", {})
    for seed in (0, 1):
        assert making.next_job() is None
        making.take_seed(seed, TrainedModel(prepared.workload.encoder.state, readout))
    assert making.seeds_missing() == set()
    # As a crash or a copy may leave it.
    [one, _] = sorted((folder / ".soup").glob("*.safetensors"))
    whole = one.read_bytes()
    for cut in (b"", whole[:1000]):
        one.write_bytes(cut)
        assert len(making.seeds_missing()) == 1
    one.write_bytes(whole)
    assert not making.over
    assert making.next_job() is None
    assert making.over
    assert soup_ended(journal, making.winner.name) == SoupEnded(2, left_out="worse")
    assert not (folder / ".soup").exists()
    report = assemble(prepared.about, folder, journal, prepared.test_labels, interrupted=False, seconds=0)
    [sentence] = [one for one in result_sentences(report, report.rows()) if "left out" in one]
    assert "left out (worse: 0." in sentence
    journal.close()
