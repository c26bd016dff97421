"""Tokenizers that have more tokens than their encoder."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
from encoder_zoo import FAMILIES, make_encoder
from zoo_tokenizers import tokenizer

from tune_dml.errors import ModelError
from tune_dml.models.description import ModelDescription
from tune_dml.models.embedding import embed
from tune_dml.models.encoder import EncoderBundle, build_encoder, load_bundle, load_tokenizer
from tune_dml.models.encoder_source import find_encoder
from tune_dml.models.folder import save_model
from tune_dml.models.prefix import LayeredEncoder
from tune_dml.models.readouts import FittedReadout
from tune_dml.models.tokens import tokenize
from tune_dml.models.vocabulary import check_vocabulary, tokenizer_note
from tune_dml.workflows.predict import predict_file

CPU = torch.device("cpu")


def encoder_of(folder: Path, family: str = "BERT", extra: int = 3) -> EncoderBundle:
    rows = len(tokenizer(FAMILIES[family].manners))
    return load_bundle(find_encoder(str(make_encoder(folder, FAMILIES[family], rows=rows, extra=extra))))


def test_a_token_beyond_the_table_is_refused_with_its_text(tmp_path: Path) -> None:
    bundle, tok = encoder_of(tmp_path), load_tokenizer(tmp_path)
    fine = tokenize(tok, ["a film", "dull"], None, 16)
    check_vocabulary(bundle, fine, tok, "test")
    assert bundle.vocabulary == len(tok) - 3
    assert f"has {len(tok)} tokens and it knows {len(tok) - 3}" in tokenizer_note(bundle, tok)[0]
    wrong = tokenize(tok, ["a film", "dull extra1"], None, 16)
    with pytest.raises(ModelError, match=r"test text 2 has token \d+ \('extra1'\)"):
        check_vocabulary(bundle, wrong, tok, "test")
    encoder = LayeredEncoder(build_encoder(bundle), None)
    with pytest.raises(ModelError, match="Text 2 has token"):
        embed(encoder, wrong, "mean", 16, CPU)
    assert np.isfinite(embed(encoder, fine, "mean", 16, CPU)).all()


def test_a_tokenizer_of_the_encoder_needs_no_note(tmp_path: Path) -> None:
    assert tokenizer_note(encoder_of(tmp_path, extra=0), load_tokenizer(tmp_path)) == ()


def test_padding_with_a_token_that_the_encoder_does_not_know(tmp_path: Path) -> None:
    bundle, tok = encoder_of(tmp_path, "GPT-2", extra=0), load_tokenizer(tmp_path)
    texts = ["a film", "the plot of the film is dull"]
    plain = embed(LayeredEncoder(build_encoder(bundle), None), tokenize(tok, texts, None, 16), "mean", 16, CPU)
    tok.add_special_tokens({"pad_token": "<pad>"})
    tokens = tokenize(tok, texts, None, 16)
    assert tokens.pad_id == bundle.vocabulary
    padded = embed(LayeredEncoder(build_encoder(bundle), None), tokens, "mean", 16, CPU)
    np.testing.assert_allclose(padded, plain, atol=1e-6)


@pytest.mark.parametrize("family", ["BERT", "GPT-2", "T5"])
def test_empty_texts_have_a_token(tmp_path: Path, family: str) -> None:
    make_encoder(tmp_path, FAMILIES[family])
    tokens = tokenize(load_tokenizer(tmp_path), ["", "a film", " "], None, 16)
    assert tokens.lengths.min() >= 1


def test_token_types_that_the_encoder_does_not_tell_apart_are_refused(tmp_path: Path) -> None:
    make_encoder(tmp_path, FAMILIES["XLNet"])
    tok = load_tokenizer(tmp_path)
    tokens = tokenize(tok, ["a film"], None, 16)
    check_vocabulary(load_bundle(find_encoder(str(tmp_path))), tokens, tok, "training")
    other = load_bundle(find_encoder(str(make_encoder(tmp_path / "bert", FAMILIES["BERT"]))))
    with pytest.raises(ModelError, match="token types up to 2, and the encoder knows 2"):
        check_vocabulary(other, tokens, tok, "training")


def test_predict_names_the_text_before_it_writes_anything(tmp_path: Path) -> None:
    bundle = encoder_of(tmp_path / "encoder")
    about = ModelDescription("mine", "single", ("a", "b"), "mean", 16, "float32", "head", {}, {"loss": "ce"})
    arrays = {"weight": np.ones((2, bundle.dimension), np.float32), "bias": np.zeros(2, np.float32)}
    tok = load_tokenizer(tmp_path / "encoder")
    save_model(tmp_path / "model", about, bundle, bundle.state, FittedReadout("head", arrays), tok)
    (tmp_path / "texts.txt").write_text("a film\n" * 1049 + "dull extra1\n")
    stream = StringIO()
    with pytest.raises(ModelError, match="Text 1050 has token"):
        predict_file(str(tmp_path / "model"), str(tmp_path / "texts.txt"), (), "csv", stream)
    assert stream.getvalue() == ""
