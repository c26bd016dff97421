"""Each family of ``docs/encoders.md``: probed, searched, saved, loaded and predicted with, on the command line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from encoder_zoo import FAMILIES, OTHERS, make_encoder

import tune_dml as package

GOOD = ("a gorgeous film", "the plot is great", "a warm film , great jokes", "a late goal won the match")
BAD = ("a dull film", "the plot is terrible", "cold and slow jokes fell flat", "the bank lost the market")
SPACE = """
loss: {choices: [supcon, ce]}
lr: {float: [1.0e-4, 1.0e-3], log: true}
trainable_layers: {choices: [1, 4, all]}
epochs: 1
batch_size: 8
first:
  - {loss: supcon, trainable_layers: 1}
  - {loss: ce, trainable_layers: 4}
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "space.yaml").write_text(SPACE)
    (folder / "toy").mkdir()
    for split, before in (("train", ""), ("test", "it is ")):
        with (folder / "toy" / f"{split}.csv").open("w", newline="") as stream:
            rows = [(f"{before}{text}{end}", label) for end in ("", " , very early")
                    for label, texts in (("good", GOOD), ("bad", BAD)) for text in texts]  # fmt: skip
            csv.writer(stream).writerows([("text", "label"), *rows])
    return folder


def options(data: Path, encoder: Path, results: Path) -> list[str]:
    task = ["search", "--task", "toy", "--data", str(data / "toy"), "--shots", "full", "--encoder", str(encoder)]
    how = ["--space", str(data / "space.yaml"), "--trials", "2", "--folds", "2", "--confirm-seeds", "1"]
    return [*task, *how, "--concurrency", "1", "--gpus-per-trial", "0", "--name", "one", "--results", str(results)]


#: The fast tests of the models go through all families with every change.
@pytest.mark.long
@pytest.mark.parametrize("name", FAMILIES)
def test_a_search(name: str, data: Path, tmp_path: Path, tune_dml: Any, with_store: Callable[[Path], Path]) -> None:
    encoder = make_encoder(tmp_path / "encoder", FAMILIES[name])
    ended = tune_dml(*options(data, encoder, with_store(tmp_path / "results")), "--json")
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert document["failed"] == {}
    states = {row["state"] for row in document["leaderboard"]}
    assert states <= {"COMPLETE", "PRUNED"}
    assert set(document["baselines"]) == {"probe", "reference_ce"}
    few = "layers cannot be told apart: trainable_layers 1 or 4" if name == "ALBERT" else "3 layers: trainable_layers 4"
    assert f"encoder: it{'s' if name == 'ALBERT' else ' has'} {few} is taken as all" in ended.err
    texts = [*GOOD, "", "a text that is much longer than all the others , and ends late " * 9]
    given = package.load(document["model"]).predict_proba(texts)
    assert np.isfinite(given).all()
    alone = package.load(document["model"]).predict_proba(texts[:1])
    # In bfloat16 where the machine has it.
    assert np.abs(alone - given[:1]).max() < 0.05


@pytest.mark.parametrize("name", ["ViT", "DPR"])
def test_what_cannot_be_used_is_refused_before_the_first_trial(
    name: str, data: Path, tmp_path: Path, tune_dml: Any
) -> None:
    encoder = make_encoder(tmp_path / "encoder", OTHERS[name])
    ended = tune_dml(*options(data, encoder, tmp_path / "results"))
    assert ended.code == 2
    assert "cannot be used: it" in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "results" / "searches").exists()


def test_a_token_beyond_the_encoder_is_refused_whichever_text_has_it(data: Path, tmp_path: Path, tune_dml: Any) -> None:
    from zoo_tokenizers import tokenizer

    family = FAMILIES["BERT"]
    encoder = make_encoder(tmp_path / "encoder", family, rows=len(tokenizer(family.manners)), extra=2)
    own = tmp_path / "data"
    own.mkdir()
    (own / "space.yaml").write_text(SPACE)
    (own / "toy").mkdir()
    for split in ("train", "test"):
        text = (data / "toy" / f"{split}.csv").read_text()
        (own / "toy" / f"{split}.csv").write_text(text + ("a film extra1,good\r\n" if split == "test" else ""))
    ended = tune_dml(*options(own, encoder, tmp_path / "results"), "--dry-run")
    assert ended.code == 2
    assert "test text 17 has token" in ended.err
