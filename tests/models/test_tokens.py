from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from transformers import PreTrainedTokenizerFast

from tune_dml.errors import ConfigurationError, ModelError
from tune_dml.models.encoder import load_tokenizer
from tune_dml.models.representation import after_mask, examples, pool
from tune_dml.models.tokens import TokenArrays, tokenize

CPU = torch.device("cpu")
ROWS = np.array([2, 0, 1])


def test_batches_are_padded_to_their_longest_text(tokens: TokenArrays) -> None:
    batch = tokens.batch(ROWS, CPU)
    assert batch.ids.shape == batch.mask.shape == (3, int(tokens.lengths[ROWS].max()))
    for i, row in enumerate(ROWS):
        length = int(tokens.lengths[row])
        own = tokens.ids[tokens.offsets[row] : tokens.offsets[row + 1]]
        assert batch.ids[i, :length].tolist() == own.tolist()
        assert batch.ids[i, length:].tolist() == [tokens.pad_id] * (batch.ids.shape[1] - length)
        assert batch.mask[i].tolist() == [1] * length + [0] * (batch.ids.shape[1] - length)


def test_cutting_keeps_the_separator(tokens: TokenArrays) -> None:
    separator = int(tokens.ids[-1])
    batch = tokens.batch(ROWS, CPU, max_length=5)
    assert batch.ids.shape == (3, 5)
    for row, mask in zip(batch.ids, batch.mask, strict=True):
        assert row[int(mask.sum()) - 1] == separator
    assert batch.ids[0, :4].tolist() == tokens.ids[tokens.offsets[2] : tokens.offsets[2] + 4].tolist()


@pytest.mark.parametrize("pairs", [False, True])
def test_cutting_later_equals_tokenizing_shorter(tiny_folder: Path, pairs: bool) -> None:
    tokenizer = load_tokenizer(tiny_folder)
    texts = ["one two three four five six seven eight nine ten", "one"]
    other = ["ein", "zwei"] if pairs else None
    long, short = tokenize(tokenizer, texts, other, 64), tokenize(tokenizer, texts, other, 6)
    assert short.lengths.max() == 6
    if not pairs:
        rows = np.arange(2)
        assert torch.equal(long.batch(rows, CPU, 6).ids, short.batch(rows, CPU).ids)
    assert short.ids[short.offsets[1:] - 1].tolist() == [int(long.ids[-1])] * 2


def test_pairs_are_one_sequence_with_types(tiny_folder: Path) -> None:
    tokenizer = load_tokenizer(tiny_folder)
    pair = tokenize(tokenizer, ["first text"], ["second"], 64)
    expected = tokenizer("first text", "second")
    assert pair.ids.tolist() == expected["input_ids"]
    if "token_type_ids" in expected:
        assert pair.types is not None
        assert pair.types.tolist() == expected["token_type_ids"]
        types = pair.batch(np.array([0]), CPU).types
        assert types is not None
        assert types[0].tolist() == expected["token_type_ids"]


@pytest.mark.parametrize("rows", [[0, 1], [5, 0, 0], []])
def test_take(tokens: TokenArrays, rows: list[int]) -> None:
    taken = tokens.take(np.array(rows, dtype=np.int64))
    assert len(taken) == len(rows)
    assert taken.lengths.tolist() == [int(tokens.lengths[r]) for r in rows]
    for i, row in enumerate(rows):
        own = taken.ids[taken.offsets[i] : taken.offsets[i + 1]]
        assert own.tolist() == tokens.ids[tokens.offsets[row] : tokens.offsets[row + 1]].tolist()


@pytest.mark.parametrize("pairs", [False, True])
def test_prompted_texts_end_with_the_template(tiny_folder: Path, pairs: bool) -> None:
    tokenizer = load_tokenizer(tiny_folder)
    texts, other = ["one two three four five six seven", "one", ""], ["eins zwei", "drei", "vier"] if pairs else None
    plain = tokenize(tokenizer, texts, other, 64)
    prompted = plain.prompted(64)
    for i, text in enumerate(texts):
        second = [] if other is None else [f"{other[i]} It was [MASK]."]
        expected = tokenizer(text if pairs else f"{text} It was [MASK].", *second)
        span = slice(prompted.offsets[i], prompted.offsets[i + 1])
        assert prompted.ids[span].tolist() == expected["input_ids"]
        assert prompted.types is not None
        assert prompted.types[span].tolist() == expected["token_type_ids"]
        assert prompted.ids[prompted.offsets[i + 1] - 1 - after_mask(prompted)] == tokenizer.mask_token_id
    assert plain.prompted(64) is prompted
    taken = plain.take(np.array([2, 0])).prompted(64)
    assert taken.batch(np.arange(2), CPU).ids.tolist() == prompted.batch(np.array([2, 0]), CPU).ids.tolist()
    assert taken.whole[0] is prompted


def test_prompted_texts_are_cut_before_the_template(tiny_folder: Path) -> None:
    tokenizer = load_tokenizer(tiny_folder)
    plain = tokenize(tokenizer, ["one two three four five six seven"], None, 64)
    [row] = plain.prompted(10).batch(np.array([0]), CPU, 10).ids.tolist()
    assert row == tokenizer("one two three four It was [MASK].")["input_ids"][:1] + plain.ids[1:5].tolist() + [
        *tokenizer("It was [MASK].", add_special_tokens=False)["input_ids"],
        tokenizer.sep_token_id,
    ]
    with pytest.raises(ConfigurationError, match="max_length is 6; the representation 'mask' needs 7"):
        plain.prompted(6)
    with pytest.raises(ConfigurationError, match="has no mask token"):
        replace(plain, ending=None).prompted(64)


def test_no_texts_and_an_empty_text(tiny_folder: Path) -> None:
    tokenizer = load_tokenizer(tiny_folder)
    assert len(tokenize(tokenizer, [], None, 16)) == 0
    assert tokenize(tokenizer, [""], None, 16).lengths.tolist() == [2]


HIDDEN = torch.randn(4, 5, 3)
LENGTHS = (5, 1, 3, 2)
MASK = torch.tensor([[1] * n + [0] * (5 - n) for n in LENGTHS])
LABELS = torch.tensor([2, 0, 1, 0])


def test_a_tokenizer_that_has_no_answer_to_a_word_is_refused_in_a_sentence() -> None:
    words = Tokenizer(WordPiece({"[PAD]": 0, "a": 1, "film": 2}, unk_token="[UNK]"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="[PAD]")
    with pytest.raises(ModelError, match=r"tokenizer fails on the given texts \(.*Missing \[UNK\].*\): its files are"):
        tokenize(tokenizer, ["a", "unknown"], None, 16)


@pytest.mark.parametrize("representation", ["mean", "tokens", "cls", "last_token"])
def test_pool_is_a_plain_loop(representation: str) -> None:
    vectors = pool(HIDDEN, MASK, representation)
    for i, length in enumerate(LENGTHS):
        places = {"cls": [0], "last_token": [length - 1]}.get(representation, range(length))
        expected = sum(HIDDEN[i, t] for t in places) / len(places)
        torch.testing.assert_close(vectors[i], expected)


def test_padding_changes_nothing() -> None:
    hidden = HIDDEN.clone()
    hidden[MASK == 0] = 1e6
    for representation in ("mean", "tokens", "cls", "last_token"):
        assert torch.equal(pool(hidden, MASK, representation), pool(HIDDEN, MASK, representation))
        for a, b in zip(
            examples(hidden, MASK, LABELS, representation), examples(HIDDEN, MASK, LABELS, representation), strict=True
        ):
            assert torch.equal(a, b)


def test_each_real_token_is_an_example_with_its_texts_label() -> None:
    vectors, labels = examples(HIDDEN, MASK, LABELS, "tokens")
    expected = [(HIDDEN[i, t], LABELS[i]) for i, length in enumerate(LENGTHS) for t in range(length)]
    assert torch.equal(vectors, torch.stack([vector for vector, _ in expected]))
    assert labels.tolist() == [int(label) for _, label in expected]


@pytest.mark.parametrize("representation", ["mean", "cls"])
def test_otherwise_each_text_is_an_example(representation: str) -> None:
    vectors, labels = examples(HIDDEN, MASK, LABELS, representation)
    assert torch.equal(vectors, pool(HIDDEN, MASK, representation))
    assert torch.equal(labels, LABELS)


def test_vectors_are_float32_whatever_the_forward_pass_used() -> None:
    half = HIDDEN.bfloat16()
    assert pool(half, MASK, "mean").dtype == torch.float32
    assert examples(half, MASK, LABELS, "tokens")[0].dtype == torch.float32
