"""A search with texts made of the classes' names: its numbers, its model, and both again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import yaml
from command import Ended

from tune_dml.data import load_task
from tune_dml.driver.drawing import Drawn, draw_data
from tune_dml.driver.options import draw_settings, task_settings
from tune_dml.driver.preparation import prepare_one
from tune_dml.driver.request import SearchRequest
from tune_dml.reporting.output import silent
from tune_dml.results.best_file import read_best

SPACE = "loss: supcon\nlr: 5.0e-4\nepochs: 2\nmax_length: 24\nlabel_texts: {copies: 4, wording: about, anchors: 2}\n"
SMALL = "--encoder bert-tiny --shots 25 --folds 2 --trials 1 --confirm-seeds 1 --concurrency 1 --confirm-winner-only"


def test_it_can_be_made_again(
    tmp_path: Path, tune_dml: Callable[..., Ended], with_store: Callable[[Path], Path]
) -> None:
    space, results = tmp_path / "named.yaml", with_store(tmp_path / "results")
    space.write_text(SPACE)
    where = ["--results", str(results), "--json"]
    ended = tune_dml("search", "--task", "bbc", *SMALL.split(), "--space", str(space), "--name", "named", *where)
    assert ended.code == 0, ended.err
    winner = json.loads(ended.out)["winner"]
    assert winner["config"]["label_texts/copies"] == 4
    folder = results / "searches" / "named"
    best = yaml.safe_load((folder / "best.yaml").read_text())
    assert best["label_texts"]["about"][0] == [0, "This text is about business."]
    assert list(best["label_texts"]) == ["about"]
    made = tune_dml("train", "--config", str(folder / "best.yaml"), "--output", str(tmp_path / "again"))
    assert made.code == 0, made.err
    for name in ("model.safetensors", "readout.safetensors"):
        assert (tmp_path / "again" / "model" / name).read_bytes() == (folder / "model" / name).read_bytes()
    confirmed = tune_dml("confirm", "named", "--confirm-seeds", "2", *where)
    assert confirmed.code == 0, confirmed.err
    seeds = json.loads(confirmed.out)["winner"]["test"]["accuracy"]["seeds"]
    assert len(seeds) == 2
    assert seeds[0] == winner["test"]["accuracy"]["seeds"][0]
    # Other texts with other classes have texts of their own names: of the old ones they would be of the wrong class.
    rows = "".join(f"the {name} number {i},{name}\n" for i in range(8) for name in ("zebra", "apple", "business"))
    (tmp_path / "other.csv").write_text("text,label\n" + rows)
    other = prepare_one(read_best(folder / "best.yaml"), silent(), other=drawn_from(tmp_path / "other.csv")).workload
    assert other.labels[other.named["about"]].tolist() == [0, 1, 2]
    assert len(other.labels) - other.shots == 3 * 4


def drawn_from(data: Path) -> Drawn:
    request = SearchRequest(task="other", data=str(data), shots="full", no_test=True, folds=2)
    return draw_data(load_task(task_settings(request)), draw_settings(request))
