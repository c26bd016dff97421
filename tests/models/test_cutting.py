"""Which tokens of long texts are read, held against the tokenizer's own truncation and a plain formula."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from tune_dml.models.encoder import load_tokenizer
from tune_dml.models.tokens import TokenArrays, tokenize
from tune_dml.models.unread import cut_of

CPU = torch.device("cpu")
WORDS = ["the", "a", "of", "river", "stone", "bank", "film", "market", "green", "slow", "walk", "table", "window"]
RANDOM = Random(0)
TEXTS = [" ".join(RANDOM.choices(WORDS, k=RANDOM.randint(0, 40))) for _ in range(60)]
OTHERS = [" ".join(RANDOM.choices(WORDS, k=RANDOM.randint(0, 40))) for _ in range(60)]


def _made(template: str, pair: str) -> PreTrainedTokenizerFast:
    names = ["<pad>", "<s>", "</s>", "<e>", *WORDS]
    words = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="<pad>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    specials = [(name, i) for i, name in enumerate(names[:4])]
    words.post_processor = processors.TemplateProcessing(single=template, pair=pair, special_tokens=specials)
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", model_input_names=["input_ids"])


@pytest.fixture(scope="module", params=["bert", "roberta", "xlnet", "t5", "none"])
def tokenizer(request: pytest.FixtureRequest, tiny_folder: Path) -> PreTrainedTokenizerBase:
    """Special tokens before and after, two of them in the middle or at the end, only at the end, and none at all."""
    if request.param == "bert":
        return load_tokenizer(tiny_folder)
    layouts = {
        "roberta": ("<s> $A </s>", "<s> $A </s> </s> $B </s>"),
        "xlnet": ("$A </s> <e>", "$A </s> $B </s> <e>"),
        "t5": ("$A </s>", "$A </s> $B </s>"),
        "none": ("$A", "$A $B"),
    }
    return _made(*layouts[request.param])


def rows_of(tokens: TokenArrays, max_length: int | None = None) -> list[list[int]]:
    batch = tokens.batch(np.arange(len(tokens)), CPU, max_length)
    return [row[: int(mask.sum())].tolist() for row, mask in zip(batch.ids, batch.mask, strict=True)]


@pytest.mark.parametrize("others", [None, OTHERS])
@pytest.mark.parametrize("length", [5, 12, 13, 30, 100])
def test_head_is_what_the_tokenizer_itself_keeps(
    tokenizer: PreTrainedTokenizerBase, others: Sequence[str] | None, length: int
) -> None:
    pairs = [] if others is None else [list(others)]
    expected = tokenizer(TEXTS, *pairs, truncation=True, max_length=length)["input_ids"]
    expected = [row or [tokenizer.pad_token_id] for row in expected]
    assert rows_of(tokenize(tokenizer, TEXTS, others, length)) == expected
    # What is stored longer, because a space has several lengths, is cut to the same tokens.
    for stored in (length + 1, length + 10, 1000):
        assert rows_of(tokenize(tokenizer, TEXTS, others, stored), length) == expected


@pytest.mark.parametrize("others", [None, OTHERS])
@pytest.mark.parametrize("truncation", ["tail", "head+tail"])
def test_the_end_is_kept_with_special_tokens_in_place(
    tokenizer: PreTrainedTokenizerBase, truncation: str, others: Sequence[str] | None
) -> None:
    for length in (6, 17, 30):
        head = rows_of(tokenize(tokenizer, TEXTS, others, length))
        found = rows_of(tokenize(tokenizer, TEXTS, others, length, truncation))
        full = rows_of(tokenize(tokenizer, TEXTS, others, 1000))
        assert found == rows_of(tokenize(tokenizer, TEXTS, others, 1000, truncation), length)
        assert found == rows_of(tokenize(tokenizer, TEXTS, others, length + 7, truncation), length)
        special = set(tokenizer.all_special_ids) | {1, 2, 3} if len(tokenizer) < 100 else set(tokenizer.all_special_ids)
        for short, whole, kept in zip(head, full, found, strict=True):
            assert len(kept) == len(short)
            assert [t if t in special else None for t in kept] == [t if t in special else None for t in short]
            if others is None and len(whole) > len(kept):
                inner = [t for t in whole if t not in special]
                room = sum(t not in special for t in kept)
                begin = 0 if truncation == "tail" else (room + 1) // 2
                expected = inner[:begin] + inner[len(inner) - (room - begin) :]
                assert [t for t in kept if t not in special] == expected


def test_a_prefix_is_kept_whatever_is_cut(tiny_folder: Path) -> None:
    tokenizer = load_tokenizer(tiny_folder)
    long = " ".join(str(i) for i in range(100))
    for truncation in ("head", "tail", "head+tail"):
        tokens = tokenize(tokenizer, [long, "one"], None, 12, truncation, "query: ")
        first, second = (tokenizer.decode(row) for row in rows_of(tokens))
        assert first.startswith("[CLS] query : ")
        assert first.endswith("[SEP]")
        assert second == "[CLS] query : one [SEP]"
    [row] = rows_of(tokenize(tokenizer, [long], ["two"], 12, "tail", "query: "))
    assert tokenizer.decode(row) == "[CLS] query : 94 95 96 97 98 99 [SEP] two [SEP]"
    towers = tokenize(tokenizer, ["eins"], ["one"], 12, "head", "query: ").towers
    assert towers is not None
    assert tokenizer.decode(rows_of(towers)[1]) == "[CLS] query : one [SEP]"


def test_template_prompts_keep_what_the_truncation_says(tiny_folder: Path) -> None:
    tokenizer = load_tokenizer(tiny_folder)
    long = " ".join(str(i) for i in range(50))
    for stored in (16, 64):
        tokens = tokenize(tokenizer, [long], None, stored, "tail").prompted(12)
        [row] = rows_of(tokens, 12)
        assert tokenizer.decode(row) == "[CLS] 44 45 46 47 48 49 it was [MASK]. [SEP]"


def test_what_is_lost_is_counted(tiny_folder: Path) -> None:
    tokenizer = load_tokenizer(tiny_folder)
    texts = ["one two", "one " * 98, "one " * 198]
    cut = cut_of(tokenize(tokenizer, texts, None, 10), 50)
    assert (cut.texts, cut.longer, cut.longest) == (3, 2, 200)
    assert cut.unread == pytest.approx(200 / 300)
    taken = tokenize(tokenizer, texts, None, 10).take(np.array([0, 2]))
    assert cut_of(taken, 50).longer == 1
    pairs = tokenize(tokenizer, texts, texts, 10)
    assert pairs.full_lengths.tolist() == [7, 199, 399]
    assert pairs.towers is not None
    assert pairs.towers.full_lengths.tolist() == [4, 4, 100, 100, 200, 200]


def test_a_truncation_state_in_the_tokenizer_changes_nothing(tiny_folder: Path) -> None:
    tokenizer = load_tokenizer(tiny_folder)
    plain = rows_of(tokenize(tokenizer, TEXTS, None, 20))
    tokenizer(["a b c"], truncation=True, max_length=4, padding="max_length")
    assert rows_of(tokenize(tokenizer, TEXTS, None, 20)) == plain
