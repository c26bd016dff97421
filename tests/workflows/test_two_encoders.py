"""A search over two encoders, killed and resumed: what it keeps, its model, and both again."""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
import yaml
from command import Ended
from evidence import finished_in
from safetensors.numpy import load_file, save_file

import tune_dml as tool
from tune_dml.models.encoder_source import find_encoder
from tune_dml.tuning.journal import Journal

SPACE = "loss: {choices: [supcon, ce]}\nlr: {float: [1.0e-4, 1.0e-3], log: true}\nepochs: 3\nmax_length: 24\n"
SPACE += "first:\n  - {loss: supcon, lr: 5.0e-4}\n"
SMALL = "--task bbc --shots 25 --folds 3 --trials 5 --confirm-seeds 1 --concurrency 1 --name both"


@pytest.fixture(scope="module")
def mute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """bert-tiny that takes every word for the same one."""
    folder = tmp_path_factory.mktemp("encoders") / "mute"
    source = find_encoder("bert-tiny").folder
    assert source is not None
    shutil.copytree(source, folder)
    [file] = folder.glob("*.safetensors")
    weights = load_file(file)
    [name] = [name for name in weights if name.endswith("word_embeddings.weight")]
    weights[name] = np.repeat(weights[name][:1], len(weights[name]), axis=0)
    save_file(weights, file, {"format": "pt"})
    return folder


@pytest.fixture(scope="module")
def searched(
    tmp_path_factory: pytest.TempPathFactory,
    mute: Path,
    tune_dml: Callable[..., Ended],
    signalled: Callable[..., Any],
    with_store: Callable[[Path], Path],
) -> tuple[Path, dict[str, Any]]:
    results = with_store(tmp_path_factory.mktemp("two") / "results")
    space, where = results.parent / "own.yaml", ["--results", str(results)]
    space.write_text(SPACE)
    arguments = ["search", *SMALL.split(), "--encoder", f"{mute},bert-tiny", "--space", str(space), *where]
    # The baselines of both, and what the search begins with.
    signalled(
        arguments, results / "searches" / "both" / "study.log", lambda text: finished_in(text) > 4, signal.SIGKILL
    )
    ended = tune_dml("resume", "both", *where, "--json")
    assert ended.code == 0, ended.err
    return results, json.loads(ended.out)


def test_the_encoder_that_reads_wins(searched: tuple[Path, dict[str, Any]], mute: Path) -> None:
    results, document = searched
    assert document["search"]["encoders"] == [str(mute), "bert-tiny"]
    assert document["winner"]["config"]["encoder"] == document["winner"]["encoder"] == "bert-tiny"
    journal = Journal(results / "searches" / "both", write=False)
    trials = journal.records()
    assert [r.number for r in trials] == list(range(5))
    assert {r.encoder for r in trials[:2]} == {"mute", "bert-tiny"}
    assert {r.params["loss"] for r in trials if r.given} == {"supcon"}
    assert sum(r.given for r in trials) == 2
    baselines = {r.name: r.encoder for r in journal.records("baseline")}
    assert baselines == {
        "probe": "mute",
        "reference_ce": "mute",
        "probe (bert-tiny)": "bert-tiny",
        "reference_ce (bert-tiny)": "bert-tiny",
    }
    # What the winner is held against has its encoder, but for what the search begins with.
    confirmed = {run.candidate for run in journal.confirm_runs()}
    assert confirmed >= {document["winner"]["name"], "supcon #0", "probe (bert-tiny)", "reference_ce (bert-tiny)"}
    assert not confirmed & {"probe", "reference_ce"}
    assert document["bought"]["over"] == "supcon #0"


def test_every_table_names_it(searched: tuple[Path, dict[str, Any]], tune_dml: Callable[..., Ended]) -> None:
    results, document = searched
    folder = results / "searches" / "both"
    with (folder / "leaderboard.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert {row["encoder"] for row in rows} == {"mute", "bert-tiny"}
    shown = tune_dml("show", "both", "--results", str(results))
    assert shown.code == 0, shown.err
    assert "encoder" in shown.out
    assert f"Winner: {document['winner']['name']} with bert-tiny" in shown.out
    assert "bert-tiny" in (folder / "report.html").read_text()
    best = tune_dml("best", "--json", "--results", str(results))
    assert json.loads(best.out)[0]["encoder"] == "bert-tiny"
    mlflow.set_tracking_uri(f"sqlite:///{results}/mlflow.db")
    runs = mlflow.search_runs(search_all_experiments=True, output_format="list")
    of_trials = [run for run in runs if run.data.tags["tune_dml.kind"] == "trial"]
    assert len(of_trials) == 5
    for run in of_trials:
        # The name as it was given, by which searches with one encoder are known as well.
        assert run.data.tags["tune_dml.encoder"].split("/")[-1] == run.data.params["encoder"]


def test_its_model_is_made_again(
    searched: tuple[Path, dict[str, Any]], tune_dml: Callable[..., Ended], tmp_path: Path
) -> None:
    results, _ = searched
    folder = results / "searches" / "both"
    best = yaml.safe_load((folder / "best.yaml").read_text())
    assert best["encoder"] == "bert-tiny"
    assert "encoder" not in best["config"]
    made = tune_dml("train", "--config", str(folder / "best.yaml"), "--output", str(tmp_path / "again"))
    assert made.code == 0, made.err
    for name in ("model.safetensors", "readout.safetensors"):
        assert (tmp_path / "again" / "model" / name).read_bytes() == (folder / "model" / name).read_bytes()
    texts = ["Striker signs for United", "Shares fall again"]
    assert len(tool.load(folder / "model").predict(texts)) == 2


@pytest.mark.long
def test_the_commands_of_the_page(tune_dml: Callable[..., Ended], tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "encoders.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```sh\n(.*?)```", page, re.S)
    small = ["--trials", "3", "--folds", "2", "--confirm-seeds", "1", "--concurrency", "1", "--losses", "ce"]
    for line in block.splitlines():
        program, *arguments = shlex.split(line.split("#")[0])
        assert program == "tune-dml"
        done = tune_dml(*arguments, *(small if arguments[0] == "search" else []), cwd=tmp_path)
        assert done.code == 0, f"{line}\n{done.out}{done.err}"


def test_resuming_it_again_changes_nothing(
    searched: tuple[Path, dict[str, Any]], tune_dml: Callable[..., Ended]
) -> None:
    results, document = searched
    ended = tune_dml("resume", "both", "--results", str(results), "--json")
    assert ended.code == 0, ended.err
    again = json.loads(ended.out)
    for name in ("winner", "leaderboard", "baselines", "bought"):
        assert again[name] == document[name]
