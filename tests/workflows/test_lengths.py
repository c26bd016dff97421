"""Long texts: what is said of them, and which of their tokens are read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
import yaml
from command import Ended
from rich.console import Console

from tune_dml.driver.lengths import automatic_length
from tune_dml.driver.preparation import prepare_new
from tune_dml.driver.prepared import Prepared
from tune_dml.driver.request import SearchRequest
from tune_dml.errors import UsageError
from tune_dml.reporting.output import Output, silent
from tune_dml.spaces import load_space, space_from_text, space_text

SPACE = "loss: ce\nepochs: 4\nlr: 5.0e-4\nmax_length: {choices: [16, 32]}\nfirst:\n  - {max_length: 16}\n"


def _documents(folder: Path, pairs: bool = False) -> Path:
    """60 texts of 50 to 60 words, of which the last tell the class."""
    random, words = Random(0), ["river", "stone", "bank", "cloud", "paper", "table", "window", "walk"]
    lines = ["text_a,text_b,label" if pairs else "text,label"]
    for i in range(60):
        label = "good" if i % 2 else "bad"
        text = " ".join([*random.choices(words, k=random.randint(50, 60)), *[label] * 6])
        lines.append(f"{text},{words[i % 8]},{label}" if pairs else f"{text},{label}")
    file = folder / ("pairs.csv" if pairs else "documents.csv")
    file.write_text("\n".join(lines) + "\n")
    return file


def _prepared(tmp_path: Path, out: Output | None = None, pairs: bool = False, **options: object) -> Prepared:
    space = tmp_path / "space.yaml"
    if not space.exists():
        space.write_text(SPACE)
    given = {"space": str(space), "encoder": "bert-tiny", "shots": 40, "results": str(tmp_path / "results"), **options}
    request = SearchRequest(task="mine", data=str(_documents(tmp_path, pairs)), **given)  # type: ignore[arg-type]
    return prepare_new(request, out or silent())


def test_texts_that_are_cut_are_counted_before_the_search(tmp_path: Path) -> None:
    about = _prepared(tmp_path).about
    [note] = [note for note in about.notes if "longer than" in note]
    assert note.startswith("40 of 40 training texts and 12 of 12 test texts are longer than 32 tokens: ")
    assert note.endswith("% of their tokens are not read; --max-length auto reads up to 72.")
    share = int(note.partition("tokens: ")[2].partition("%")[0])
    assert 40 < share < 60
    (tmp_path / "space.yaml").write_text(SPACE.replace("{choices: [16, 32]}", "80").replace("{max_length: 16}", "{}"))
    assert not any("longer than" in note for note in _prepared(tmp_path).about.notes)


@pytest.mark.parametrize("encoding", ["joint", "towers"])
def test_pairs_are_counted_as_they_are_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "space.yaml").write_text(f"loss: ce\nmax_length: 32\npair_encoding: {encoding}\n")
    notes = " ".join(_prepared(tmp_path, pairs=True).about.notes)
    assert ("40 of 40" if encoding == "joint" else "40 of 80") in notes


@pytest.mark.parametrize("asked", [20, "auto"])
def test_a_length_that_is_asked_for_takes_the_place_of_the_spaces(tmp_path: Path, asked: int | str) -> None:
    with (tmp_path / "out").open("w") as file:
        prepared = _prepared(tmp_path, Output(Console(file=file)), max_length=asked)
    assert prepared.space.constants["max_length"] == prepared.about.max_length == (20 if asked == 20 else 72)
    assert [dict(row) for row in prepared.space.first] == [{}]
    assert "what the space says of it is left aside" in (tmp_path / "out").read_text()
    again = space_from_text(prepared.about.settings.space_text)
    assert again.constants == prepared.space.constants
    assert int(prepared.workload.tokens.lengths.max()) <= prepared.about.max_length


def test_a_longer_length_than_the_encoders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--max-length is 600, but this encoder reads at most 512 tokens"):
        _prepared(tmp_path, max_length=600)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_length": 3}, "--max-length is '3'; it must be 'auto' or a number"),
        ({"max_length": "long"}, "--max-length is 'long'"),
        ({"truncation": "middle"}, "--truncation is 'middle'"),
        ({"prefix": "word " * 40}, "The prefix .* alone has 42 tokens, and 32 are read"),
    ],
)
def test_lengths_that_there_are_not_are_refused(tmp_path: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        _prepared(tmp_path, **options)


@pytest.mark.parametrize(
    ("lengths", "limit", "device", "expected"),
    [
        ([5, 6, 7], None, "cpu", 16),
        ([100] * 96 + [400] * 4, 512, "cpu", 104),
        ([100] * 90 + [400] * 10, 512, "cpu", 400),
        ([400], 256, "cpu", 256),
        ([9000], None, "cpu", 512),
        ([9000], 8192, "cuda", 2048),
        ([], None, "cpu", 16),
    ],
)
def test_the_automatic_length(lengths: list[int], limit: int | None, device: str, expected: int) -> None:
    assert automatic_length(np.array(lengths, dtype=np.int64), limit, device) == expected


def test_a_space_with_a_fixed_length_keeps_nothing_that_hung_on_another() -> None:
    text = (
        "loss: ce\nmax_length: {choices: [16, 32]}\nbatch_size: {int: [4, 8], when: {max_length: [16]}}\n"
        "epochs: {int: [1, 2], when: {max_length: [32]}}\nfirst:\n  - {max_length: 16, batch_size: 4}\n"
    )
    from tune_dml.spaces import fixed

    space = fixed(space_from_text(text), "max_length", 32)
    assert [(p.name, dict(p.when)) for p in space.parameters] == [("epochs", {})]
    assert [dict(row) for row in space.first] == [{}]
    assert space_from_text(space_text(space)).constants == space.constants
    assert "representation" not in load_space("default").constants


def test_the_dry_run_says_what_a_longer_text_costs(tune_dml: Callable[..., Ended], tmp_path: Path) -> None:
    words = "river stone bank " * 70
    rows = "".join(f"{words} {i},{'good' if i % 2 else 'bad'}\n" for i in range(40))
    (tmp_path / "long.csv").write_text("text,label\n" + rows)
    options = [
        "--shots",
        "full",
        "--encoder",
        "bert-tiny",
        "--max-length",
        "auto",
        "--truncation",
        "tail",
        "--results",
        str(tmp_path),
    ]
    ended = tune_dml("search", "--task", "x", "--data", str(tmp_path / "long.csv"), *options, "--dry-run", "--json")
    assert ended.code == 0, ended.err
    plan = json.loads(ended.out)
    assert (plan["max_length"], plan["truncation"]) == (216, "tail")
    assert plan["step_relative_to_usual_length"] > 1.0


@pytest.mark.long
def test_the_end_of_documents_decides_where_it_is_read(trained: tuple[Path, Ended]) -> None:
    folder, ended = trained
    document = json.loads(ended.out)
    assert document["winner"]["test"]["accuracy"]["mean"] > 0.9
    about = json.loads((folder / "model" / "tune_dml.json").read_text())
    assert (about["truncation"], about["prefix"], about["max_length"]) == ("tail", "review: ", 16)
    best = yaml.safe_load((folder / "best.yaml").read_text())
    assert (best["truncation"], best["prefix"], best["max_length"]) == ("tail", "review: ", 16)


@pytest.mark.long
def test_training_the_winner_again_reads_the_same_tokens(
    trained: tuple[Path, Ended], tune_dml: Callable[..., Ended], tmp_path: Path
) -> None:
    folder, _ = trained
    ended = tune_dml("train", "--config", str(folder / "best.yaml"), "--output", str(tmp_path / "again"))
    assert ended.code == 0, ended.err
    for name in ("model.safetensors", "readout.safetensors", "tune_dml.json"):
        assert (tmp_path / "again" / "model" / name).read_bytes() == (folder / "model" / name).read_bytes()


@pytest.mark.long
def test_predict_says_what_is_not_read(
    trained: tuple[Path, Ended], tune_dml: Callable[..., Ended], tmp_path: Path
) -> None:
    folder, _ = trained
    (tmp_path / "new.csv").write_text(
        "text\n" + "river " * 40 + "good good good\na bad film\n" + "river " * 40 + "bad\n"
    )
    ended = tune_dml("predict", str(folder / "model"), str(tmp_path / "new.csv"))
    assert "2 of 3 texts are longer than 16 tokens, which is all that the model reads." in ended.err
    assert len(ended.out.splitlines()) == 4
    (tmp_path / "new.csv").write_text("text\na bad film\n")
    assert "longer" not in tune_dml("predict", str(folder / "model"), str(tmp_path / "new.csv")).err


@pytest.fixture(scope="module")
def trained(
    tune_dml: Callable[..., Ended], tmp_path_factory: pytest.TempPathFactory, with_store: Callable[[Path], Path]
) -> tuple[Path, Ended]:
    """A search that reads the last 16 tokens of texts; its folder."""
    folder = with_store(tmp_path_factory.mktemp("tail"))
    (folder / "space.yaml").write_text(SPACE)
    options = ["--shots", "40", "--trials", "1", "--confirm-seeds", "1", "--folds", "2", "--encoder", "bert-tiny"]
    options += ["--space", str(folder / "space.yaml"), "--results", str(folder), "--name", "tail", "--json"]
    options += ["--max-length", "16", "--truncation", "tail", "--prefix", "review: "]
    ended = tune_dml("search", "--task", "mine", "--data", str(_documents(folder)), *options)
    assert ended.code == 0, ended.err
    return folder / "searches" / "tail", ended
