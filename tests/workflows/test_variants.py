"""The other ways to ask: pairs, no test split, a hold-out part, shots per class, random search without ASHA."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tune_dml.config import State
from tune_dml.tuning.journal import Journal

SPACE = """
loss: {choices: [ce, proxy_anchor]}
lr: {float: [1.0e-4, 1.0e-3], log: true}
epochs: 5
max_length: 32
representation: {choices: [cls, tokens]}
"""


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    animals, tools = ["cat", "dog", "horse", "cow", "pig"], ["hammer", "saw", "drill", "pliers", "file"]
    path = tmp_path / "pairs.tsv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t")
        writer.writerow(["first", "second", "same", "source"])
        for i in range(40):
            one, other = animals[i % 5], (animals if i % 2 else tools)[(i // 2) % 5]
            writer.writerow([f"a {one} {i}", f"the {other} {i}", "yes" if i % 2 else "no", f"page {i // 2}"])
    return path


@pytest.mark.slow
def test_pairs_without_a_test_split(pairs: Path, tmp_path: Path, tune_dml: Any) -> None:
    space = tmp_path / "pairs.yaml"
    space.write_text(SPACE)
    results = ["--results", str(tmp_path / "results")]
    data = ["--task", "same kind", "--data", str(pairs), "--text-column", "first", "--text-column", "second"]
    data += ["--label-column", "same", "--group-column", "source", "--no-test", "--shots-per-class", "12"]
    how = ["--validation", "holdout", "--searcher", "random", "--scheduler", "none", "--metric", "log_loss"]
    rest = ["--encoder", "bert-tiny", "--space", str(space), "--trials", "3", "--concurrency", "1"]
    rest += ["--name", "pairs", "--json"]
    planned = tune_dml("search", *data, *how, *rest, *results, "--dry-run")
    assert planned.code == 0, planned.err
    plan = json.loads(planned.out)
    assert plan["rounds_at_most"] == 25
    assert plan["seconds_per_step"] > 0
    assert not (tmp_path / "results").exists()

    ended = tune_dml("search", *data, *how, *rest, *results)
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert document["search"]["per_class"] == {"no": 12, "yes": 12}
    assert "hold-out" in document["search"]["protocol"]
    assert document["winner"]["test"] == {}
    assert 0 <= document["winner"]["cv"]["corrected_accuracy"] <= 1
    folder = tmp_path / "results" / "searches" / "pairs"
    assert [r.state for r in Journal(folder, write=False).records()] == [State.COMPLETE] * 3
    new = tmp_path / "new.csv"
    new.write_text("text_a,text_b\na cat,the dog\n")
    predicted = tune_dml("predict", document["model"], str(new), "--format", "jsonl")
    assert predicted.code == 0, predicted.err
    [row] = [json.loads(line) for line in predicted.out.splitlines()]
    assert row["label"] in ("yes", "no")
    assert row["text_b"] == "the dog"
    shown = tune_dml("show", "pairs", *results)
    assert shown.code == 0, shown.err
    assert "orrected" in shown.out


def test_no_file_holds_the_password_of_the_tracking_server(tune_dml: Any, tmp_path: Path, space_file: Path) -> None:
    results = tmp_path / "results"
    where = ["--results", str(results), "--tracking-uri", "http://me:hush-hush@127.0.0.1:9"]
    small = ["--task", "bbc", "--encoder", "bert-tiny", "--shots", "20", "--folds", "2", "--trials", "1"]
    options = [*small, "--space", str(space_file), "--confirm-seeds", "1", "--name", "secret", "--concurrency", "1"]
    ended = tune_dml("search", *options, *where, "--json", "-v")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["tracking_uri"] == "http://***@127.0.0.1:9"
    shown = tune_dml("show", "secret", "--results", str(results))
    texts = {"output": ended.out + ended.err + shown.out + shown.err}
    texts |= {str(path): path.read_bytes().decode(errors="replace") for path in results.rglob("*") if path.is_file()}
    assert len(texts) > 5
    assert [name for name, text in texts.items() if "hush-hush" in text] == []
    resumed = tune_dml("resume", "secret", *where)
    assert "hush-hush" not in resumed.out + resumed.err + (results / "searches/secret/search.yaml").read_text()
