"""The model folder as sentence-transformers itself reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import LlamaConfig, LlamaModel, PreTrainedTokenizerFast

from tune_dml.models import load_classifier
from tune_dml.models.description import ModelDescription
from tune_dml.models.encoder import EncoderBundle, load_bundle, load_tokenizer
from tune_dml.models.encoder_source import find_encoder
from tune_dml.models.folder import save_model
from tune_dml.models.readouts import FittedReadout
from tune_dml.models.sentence_modules import read_manners
from tune_dml.recipe import Configuration

RANDOM = Random(0)
WORDS = ["the", "a", "of", "river", "stone", "bank", "film", "slow", "walk", "table", "ünïcode", "☃", "7"]
TEXTS = [" ".join(RANDOM.choices(WORDS, k=n)) for n in (0, 1, 2, 3, 5, 8, 13, 21, 29, 30, 31, 40, 100, 300)]
PAIRS = list(zip(TEXTS, [*TEXTS[7:], *TEXTS[:7]], strict=True))
ABOUT = ModelDescription(
    "mine", "single", ("bad", "good"), "mean", 32, "float32", "logistic", {}, Configuration().to_dict()
)


@pytest.fixture(scope="module")
def encoders(tiny: EncoderBundle) -> dict[str, EncoderBundle]:
    return {"bert-tiny": tiny, "all-MiniLM-L6-v2": load_bundle(find_encoder("all-MiniLM-L6-v2"))}


@pytest.fixture
def save(tmp_path: Path, encoders: dict[str, EncoderBundle]) -> Callable[..., Path]:
    def _save(encoder: str = "bert-tiny", **changes: object) -> Path:
        bundle, source = encoders[encoder], find_encoder(encoder)
        assert source.folder is not None
        about = replace(ABOUT, **changes)  # type: ignore[arg-type]
        width = bundle.dimension * (2 if about.pair_encoding == "towers" else 1)
        arrays = {"coefficients": np.eye(2, width, dtype=np.float32), "intercepts": np.zeros(2, np.float32)}
        tokenizer = load_tokenizer(source.folder)
        save_model(tmp_path / "model", about, bundle, bundle.state, FittedReadout("logistic", arrays), tokenizer)
        return tmp_path / "model"

    return _save


@pytest.mark.parametrize(
    ("encoder", "changes"),
    [
        ("bert-tiny", {}),
        ("all-MiniLM-L6-v2", {}),
        ("bert-tiny", {"representation": "tokens", "max_length": 8}),
        ("all-MiniLM-L6-v2", {"representation": "cls", "max_length": 128}),
        ("bert-tiny", {"representation": "last_token", "max_length": 1000}),
        ("bert-tiny", {"prefix": "query: "}),
        ("bert-tiny", {"representation": "cls", "prefix": "Classify, “this”: "}),
        ("bert-tiny", {"truncation": "tail"}),
        ("bert-tiny", {"kind": "pair"}),
        ("bert-tiny", {"kind": "pair", "truncation": "tail", "representation": "cls"}),
        ("bert-tiny", {"kind": "pair", "prefix": "query: "}),
    ],
)
def test_both_give_the_same_vectors(save: Callable[..., Path], encoder: str, changes: dict[str, object]) -> None:
    folder = save(encoder, **changes)
    texts = PAIRS if changes.get("kind") == "pair" else TEXTS
    ours = load_classifier(folder, "cpu").embed(texts)
    theirs = SentenceTransformer(str(folder), device="cpu").encode(texts)  # type: ignore[arg-type]
    np.testing.assert_allclose(theirs, ours, atol=1e-5)
    assert "is not a sentence encoder" not in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "changes",
    [
        {"representation": "mask"},
        {"truncation": "head+tail"},
        {"truncation": "tail", "prefix": "query: "},
        {"config": {**Configuration().to_dict(), "averaged_layers": 2}},
        {"kind": "pair", "config": {**Configuration().to_dict(), "pair_encoding": "towers"}},
    ],
)
def test_what_it_cannot_give_is_said(save: Callable[..., Path], changes: dict[str, object]) -> None:
    folder = save(**changes)
    assert not (folder / "modules.json").exists()
    assert "This folder is not a sentence encoder: " in (folder / "README.md").read_text(encoding="utf-8")
    assert load_classifier(folder, "cpu").embed(PAIRS if "kind" in changes else TEXTS).shape[0] == len(TEXTS)


def test_a_model_is_an_encoder_with_manners_of_its_own(save: Callable[..., Path]) -> None:
    manners = read_manners(save(representation="cls", prefix="query: "))
    assert manners is not None
    assert (manners.representation, manners.prefix, manners.max_length) == ("cls", "query: ", 32)


def test_a_tokenizer_that_pads_on_the_left_or_not_at_all_is_saved_with_what_others_need(
    save: Callable[..., Path], tmp_path: Path, tiny: EncoderBundle, tiny_folder: Path
) -> None:
    tokenizer = load_tokenizer(tiny_folder)
    tokenizer.padding_side, tokenizer.truncation_side = "left", "left"
    arrays = {"coefficients": np.eye(2, tiny.dimension, dtype=np.float32), "intercepts": np.zeros(2, np.float32)}
    about = replace(ABOUT, representation="last_token")
    save_model(tmp_path / "left", about, tiny, tiny.state, FittedReadout("logistic", arrays), tokenizer)
    theirs = SentenceTransformer(str(tmp_path / "left"), device="cpu").encode(TEXTS)
    np.testing.assert_allclose(theirs, load_classifier(tmp_path / "left", "cpu").embed(TEXTS), atol=1e-5)
    assert tokenizer.padding_side == "left"


def test_a_decoder_without_a_padding_token(tmp_path: Path) -> None:
    vocabulary = {name: i for i, name in enumerate(["<s>", "</s>", *WORDS])}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="the"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 0)])
    names = {"bos_token": "<s>", "eos_token": "</s>", "padding_side": "left"}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, model_input_names=["input_ids", "attention_mask"], **names
    )
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    torch.manual_seed(0)
    LlamaModel(LlamaConfig(vocab_size=32, max_position_embeddings=64, **sizes)).save_pretrained(tmp_path / "llama")
    bundle = load_bundle(find_encoder(str(tmp_path / "llama")))
    about = replace(ABOUT, representation="last_token", truncation="tail")
    arrays = {"coefficients": np.eye(2, 16, dtype=np.float32), "intercepts": np.zeros(2, np.float32)}
    save_model(tmp_path / "model", about, bundle, bundle.state, FittedReadout("logistic", arrays), tokenizer)
    theirs = SentenceTransformer(str(tmp_path / "model"), device="cpu").encode(TEXTS)
    np.testing.assert_allclose(theirs, load_classifier(tmp_path / "model", "cpu").embed(TEXTS), atol=1e-5)


def test_models_of_before_are_read(save: Callable[..., Path]) -> None:
    folder = save()
    vectors = load_classifier(folder, "cpu").embed(TEXTS)
    values = json.loads((folder / "tune_dml.json").read_text())
    for name in ("truncation", "prefix"):
        del values[name]
    (folder / "tune_dml.json").write_text(json.dumps(values))
    for name in ("modules.json", "README.md", "sentence_bert_config.json", "config_sentence_transformers.json"):
        (folder / name).unlink()
    np.testing.assert_array_equal(load_classifier(folder, "cpu").embed(TEXTS), vectors)


@pytest.mark.parametrize("encoder", ["bert-tiny", "all-MiniLM-L6-v2"])
def test_a_text_alone_and_in_any_batch_is_the_same(save: Callable[..., Path], encoder: str) -> None:
    classifier = load_classifier(save(encoder, max_length=256), "cpu")
    alone = np.concatenate([classifier.embed([text]) for text in TEXTS])
    for texts in (TEXTS, TEXTS[::-1], TEXTS * 6):
        expected = alone if texts[0] == TEXTS[0] else alone[::-1]
        together = classifier.embed(texts)
        np.testing.assert_allclose(together, np.concatenate([expected] * (len(texts) // len(TEXTS))), atol=1e-5)
    for size in (2, 3, 5):
        parts = [classifier.embed(TEXTS[start : start + size]) for start in range(0, len(TEXTS), size)]
        np.testing.assert_allclose(np.concatenate(parts), alone, atol=1e-5)
