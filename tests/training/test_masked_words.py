"""Masked-LM steps: what is learnt, from what, and that it can be had again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from encoder_zoo import FAMILIES, make_encoder
from small_task import Small

from tune_dml.errors import ConfigurationError, ModelError
from tune_dml.models.class_words import with_words
from tune_dml.models.encoder import load_bundle, load_tokenizer
from tune_dml.models.encoder_source import EncoderSource, find_encoder
from tune_dml.models.masked_lm import load_masked_lm
from tune_dml.models.tokens import tokenize
from tune_dml.models.word_head import read_word_head
from tune_dml.recipe import Configuration
from tune_dml.training.examples import Examples
from tune_dml.training.fit import fit_once
from tune_dml.training.masked_words import BATCH_SIZE, learn_words, steps_done

TEXTS = [f"the {thing} of the {place} was {what}" for thing in ("plot", "cast") for place in ("film", "play", "novel")
         for what in ("dull", "a delight", "slow", "very funny", "too long", "well done")]  # fmt: skip

USUAL = Configuration(loss="ce", max_length=24, head_lr=1e-2)


def _learn(source: EncoderSource, steps: int, seed: int = 0) -> tuple[dict[str, torch.Tensor], list[float]]:
    assert source.folder is not None
    losses: list[float] = []
    model, tokenizer = load_masked_lm(source), load_tokenizer(source.folder)
    tokens = tokenize(tokenizer, TEXTS, None, 24)
    learn_words(model, tokens, tokenizer, steps=steps, seed=seed, told=lambda _, loss: losses.append(loss))
    return dict(model.model.state_dict()), losses


def test_words_are_learnt_and_the_same_again_from_the_same_seed() -> None:
    source = find_encoder("bert-tiny")
    state, losses = _learn(source, 40)
    assert len(losses) == 10
    assert np.mean(losses[-2:]) < 0.7 * losses[0]
    again, same = _learn(source, 40)
    assert same == losses
    assert all(torch.equal(state[name], tensor) for name, tensor in again.items())
    assert _learn(source, 3, seed=1)[1] != _learn(source, 3)[1]


class _Stopped(Exception):
    pass


def test_steps_that_were_stopped_go_on_with_the_same_result(tmp_path: Path) -> None:
    source, file = find_encoder("bert-tiny"), tmp_path / "some" / "unfinished"
    assert source.folder is not None
    tokenizer = load_tokenizer(source.folder)
    tokens = tokenize(tokenizer, TEXTS, None, 24)
    expected = _learn(source, 20)[0]

    def stop(step: int, loss: float) -> None:
        if step == 10:
            raise _Stopped

    with pytest.raises(_Stopped):
        learn_words(load_masked_lm(source), tokens, tokenizer, steps=20, seed=0, told=stop, unfinished=file, every=0.0)
    assert steps_done(file) == 9
    steps: list[int] = []
    model = load_masked_lm(source)
    learn_words(model, tokens, tokenizer, steps=20, seed=0, told=lambda step, _: steps.append(step), unfinished=file)
    assert steps[0] == 10
    assert all(torch.equal(expected[name], tensor) for name, tensor in model.model.state_dict().items())
    file.write_bytes(file.read_bytes()[:100])
    assert steps_done(file) == 0


def test_what_is_said_at_masked_words_is_what_the_whole_model_says() -> None:
    source = find_encoder("bert-tiny")
    masked = load_masked_lm(source)
    given = {"input_ids": torch.tensor([[101, 1996, 103, 102], [101, 103, 103, 102]])}
    places = given["input_ids"] == 103
    with torch.no_grad():
        said = masked.words(given, places)
        whole = load_masked_lm(source)
        whole.model.base_model._forward_hooks.clear()
        expected = whole.model(**given).logits[places]
    assert said.numpy() == pytest.approx(expected.numpy(), abs=1e-4)


@pytest.mark.parametrize("family", ["BERT", "RoBERTa", "MPNet"])
def test_an_encoder_without_a_masked_lm_head_gets_one_with_its_own_word_embeddings(family: str, tmp_path: Path) -> None:
    folder = make_encoder(tmp_path / "bare", FAMILIES[family])
    source = find_encoder(str(folder))
    assert load_bundle(source).word_head is None
    tokenizer = load_tokenizer(folder)
    model = load_masked_lm(source)
    assert model.new
    tokens = tokenize(tokenizer, TEXTS, None, 24)
    learn_words(model, tokens, tokenizer, steps=2, seed=0)
    model.save(tmp_path / "learnt")
    tokenizer.save_pretrained(tmp_path / "learnt")
    learnt = load_bundle(EncoderSource("learnt", tmp_path / "learnt"))
    assert learnt.word_head is not None
    assert learnt.state.keys() == load_bundle(source).state.keys()
    assert learnt.word_embeddings == pytest.approx(model.model.get_output_embeddings().weight.detach().numpy())


def test_words_that_the_tokenizer_alone_knows_are_never_put_in() -> None:
    source = find_encoder("bert-tiny")
    assert source.folder is not None
    model, tokenizer = load_masked_lm(source), load_tokenizer(source.folder)
    tokens = tokenize(tokenizer, TEXTS, None, 24)
    tokenizer.add_tokens([f"extra{i}" for i in range(20_000)])
    assert len(tokenizer) > model.vocabulary
    losses: list[float] = []
    learn_words(model, tokens, tokenizer, steps=10, seed=0, told=lambda _, loss: losses.append(loss))
    assert np.isfinite(losses).all()


def test_a_family_without_masked_words_is_refused(tmp_path: Path) -> None:
    source = find_encoder(str(make_encoder(tmp_path / "gpt", FAMILIES["GPT-2"])))
    with pytest.raises(ModelError, match=r"is of a family \(gpt2\) that does not learn by masked words"):
        load_masked_lm(source)


def test_a_batch_has_so_many_texts_even_where_there_are_hardly_more() -> None:
    assert len(TEXTS) == BATCH_SIZE + 4
    seen: list[int] = []
    source = find_encoder("bert-tiny")
    assert source.folder is not None
    model, tokenizer = load_masked_lm(source), load_tokenizer(source.folder)
    model.model.register_forward_pre_hook(lambda _, __, given: seen.append(len(given["input_ids"])), with_kwargs=True)
    learn_words(model, tokenize(tokenizer, TEXTS, None, 24), tokenizer, steps=3, seed=0)
    assert seen == [BATCH_SIZE] * 3


def test_classes_begin_as_words_and_learn_at_the_encoder_s_rate(small: Small) -> None:
    tokenizer = load_tokenizer(small.folder)
    named = with_words(small.encoder, tokenizer, ["great", "very bad", "news"])
    ids = {word: tokenizer.convert_tokens_to_ids(word) for word in ("great", "very", "bad")}
    assert named.word_head is not None
    assert named.word_head.rows is not None
    rows, embeddings = named.word_head.rows, small.encoder.word_embeddings
    assert rows[0] == pytest.approx(embeddings[ids["great"]])
    assert rows[1] == pytest.approx((embeddings[ids["very"]] + embeddings[ids["bad"]]) / 2)
    data = Examples(small.tokens, small.labels, "single", 3)
    config = USUAL.changed(head="words")
    still = fit_once(config.changed(lr=1e-12, epochs=1), named, data, {}, seed=0)
    assert still.readouts["head"].arrays["weight"] == pytest.approx(rows, abs=1e-6)
    free = fit_once(config.changed(head="masked_lm", lr=1e-12, epochs=1), named, data, {}, seed=0)
    assert np.abs(free.readouts["head"].arrays["weight"] - rows).max() > 0.01
    transform = free.readouts["head"].arrays["transform.dense.weight"]
    assert transform == pytest.approx(named.word_head.weight, abs=1e-6)


def test_what_a_head_of_words_needs_is_said(small: Small, tmp_path: Path) -> None:
    data = Examples(small.tokens, small.labels, "single", 3)
    config = USUAL.changed(head="words")
    with pytest.raises(ConfigurationError, match="head is 'words'; name one for each class with --words"):
        fit_once(config, small.encoder, data, {}, seed=0)
    tokenizer = load_tokenizer(small.folder)
    with pytest.raises(ConfigurationError, match="head is 'words', which is for classes"):
        fit_once(config, with_words(small.encoder, tokenizer, ["one", "two"]), data, {}, seed=0)
    with pytest.raises(ModelError, match="does not know the word '\N{SNOWMAN}'"):
        with_words(small.encoder, tokenizer, ["one", "\N{SNOWMAN}"])
    bare = load_bundle(find_encoder(str(make_encoder(tmp_path / "bare", FAMILIES["BERT"]))))
    with pytest.raises(ModelError, match="has no masked-LM head for --words; --adapt-mlm N gives it one"):
        with_words(bare, tokenizer, ["one", "two"])
    assert read_word_head(tmp_path / "bare", {}) is None
