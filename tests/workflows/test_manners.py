"""An encoder that says itself how it pools and what its texts begin with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from command import Ended
from rich.console import Console

from tune_dml.driver.preparation import prepare_new
from tune_dml.driver.prepared import Prepared
from tune_dml.driver.request import SearchRequest
from tune_dml.models.encoder_source import find_encoder
from tune_dml.reporting.output import Output

SAID = "{} pools cls and starts texts with 'query: ', by its own modules.json"


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """bert-tiny with the files that sentence-transformers 5 writes beside a model like BGE or E5."""
    source = find_encoder("bert-tiny").folder
    assert source is not None
    folder = tmp_path_factory.mktemp("encoders") / "mannered"
    folder.mkdir()
    for file in source.iterdir():
        if file.suffix in (".json", ".safetensors"):
            shutil.copy(file, folder / file.name)
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    modules = [{"path": path, "type": f"sentence_transformers.models.{kind}"} for path, kind in kinds.items()]
    pooling = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    (folder / "1_Pooling").mkdir()
    for name, values in (
        ("modules.json", modules),
        ("1_Pooling/config.json", pooling),
        ("config_sentence_transformers.json", {"prompts": {"query": "query: ", "passage": "passage: "}}),
        ("sentence_bert_config.json", {"max_seq_length": 64}),
    ):
        (folder / name).write_text(json.dumps(values))
    return folder


def _prepared(tmp_path: Path, encoder: Path, **options: object) -> tuple[Prepared, str]:
    rows = "".join(f"film {i} is {'good' if i % 2 else 'bad'},{'good' if i % 2 else 'bad'}\n" for i in range(40))
    (tmp_path / "mine.csv").write_text("text,label\n" + rows)
    out = StringIO()
    given = {"shots": 20, "encoder": str(encoder), "data": str(tmp_path / "mine.csv"), **options}
    request = SearchRequest(task="mine", results=str(tmp_path / "results"), **given)  # type: ignore[arg-type]
    return prepare_new(request, Output(Console(file=out, width=500))), out.getvalue()


@pytest.mark.parametrize("space", ["default", "softtriple", "npairs"])
def test_its_manners_are_the_default(tmp_path: Path, encoder: Path, space: str) -> None:
    prepared, said = _prepared(tmp_path, encoder, space=space)
    settings = prepared.about.settings
    assert (settings.representation, settings.prefix) == ("cls", "query: ")
    assert prepared.space.constants["representation"] == "cls"
    assert "representation: cls" in settings.space_text
    assert SAID.format("mannered") in said
    assert "its own files read 64 tokens of a text, fewer than the 128 here" in said
    tokens = prepared.workload.tokens
    assert prepared.encoders[0].tokenizer.decode(tokens.ids[: tokens.offsets[1]]).startswith("[CLS] query : film")


@pytest.mark.parametrize(
    ("text", "expected"), [("mean", ("mean",)), ("{choices: [mean, cls]}", ("mean", "cls")), ("last_token", None)]
)
def test_a_space_that_names_representations_is_taken_as_it_is(
    tmp_path: Path, encoder: Path, text: str, expected: tuple[str, ...] | None
) -> None:
    (tmp_path / "mine.yaml").write_text(f"loss: ce\nrepresentation: {text}\n")
    prepared, said = _prepared(tmp_path, encoder, space=str(tmp_path / "mine.yaml"))
    searched = [p.domain.options for p in prepared.space.parameters if p.name == "representation"]
    assert (searched or [(prepared.space.constants["representation"],)])[0] == (expected or ("last_token",))
    assert "pools cls (the space says what is tried)" in said


def test_a_prefix_that_is_given_is_taken(tmp_path: Path, encoder: Path) -> None:
    prepared, said = _prepared(tmp_path, encoder, prefix="")
    assert prepared.about.settings.prefix == ""
    assert "(--prefix says otherwise)" in said
    assert _prepared(tmp_path, encoder, prefix="text: ")[0].about.settings.prefix == "text: "


def test_other_encoders_are_read_as_ever(tmp_path: Path) -> None:
    for name in ("bert-tiny", "all-MiniLM-L6-v2"):
        prepared, said = _prepared(tmp_path, Path(name))
        settings = prepared.about.settings
        assert (settings.representation, settings.prefix, settings.truncation) == ("mean", "", "head")
        assert prepared.space.constants["representation"] == "mean"
        assert said.splitlines()[0] == f"encoder: {name}"
        assert "modules.json" not in said


def test_pooling_that_there_is_not_here_is_said(tmp_path: Path, encoder: Path) -> None:
    folder = tmp_path / "mannered"
    shutil.copytree(encoder, folder)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode": "max"}))
    modules = json.loads((folder / "modules.json").read_text())
    dense = {"path": "3_Dense", "type": "sentence_transformers.models.Dense"}
    (folder / "modules.json").write_text(json.dumps([*modules, dense]))
    prepared, said = _prepared(tmp_path, folder)
    assert prepared.about.settings.representation == "mean"
    assert "mannered pools max, which is none of cls, mean and last_token: the mean is taken" in said
    assert "mannered's own modules Dense are left out" in said


@pytest.mark.long
def test_a_search_saves_a_sentence_encoder_of_the_same_manners(
    encoder: Path, tune_dml: Callable[..., Ended], tmp_path: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    import tune_dml as api

    (tmp_path / "space.yaml").write_text("loss: ce\nepochs: 2\nlr: 5.0e-4\nmax_length: 24\n")
    options = ["--shots", "25", "--folds", "2", "--trials", "1", "--confirm-seeds", "1", "--encoder", str(encoder)]
    options += ["--space", str(tmp_path / "space.yaml"), "--results", str(tmp_path), "--name", "one"]
    ended = tune_dml("search", "--task", "bbc", *options, "--precision", "float32", "--json")
    assert ended.code == 0, ended.err
    assert SAID.format("mannered") in ended.err
    model = tmp_path / "searches" / "one" / "model"
    about = json.loads((model / "tune_dml.json").read_text())
    assert (about["representation"], about["prefix"], about["max_length"]) == ("cls", "query: ", 24)
    texts = ["a goal in extra time", "shares rose", "", "word " * 60]
    theirs = SentenceTransformer(str(model), device="cpu").encode(texts)
    np.testing.assert_allclose(theirs, api.load(model, "cpu").embed(texts), atol=1e-5)
