"""Texts in templates as tokens: as a tokenizer has the filled-in string, with the mask token where it is said to be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import MPNetTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast, RobertaTokenizer

from tune_dml.data import SHIPPED, most_diverse, template
from tune_dml.errors import ConfigurationError, ModelError
from tune_dml.models.encoder import load_tokenizer
from tune_dml.models.template_pieces import Templates
from tune_dml.models.token_arrays import TokenArrays
from tune_dml.models.token_templates import by_tokenizer, in_templates, in_views
from tune_dml.models.tokens import tokenize
from tune_dml.models.unread import cut_of

SINGLE, PAIRS = SHIPPED["topic"][:8], SHIPPED["pairs"][:8]
TEXTS = ["A gorgeous film", "the plot is slow, and the jokes fall flat", "no", "[MASK] and <mask> stay as they are"]
OTHERS = ["It is fine", "nobody laughs", "yes", "they do"]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def _finished(tokenizer: Tokenizer) -> PreTrainedTokenizerBase:
    start, end = (tokenizer.token_to_id(token) for token in ("<s>", "</s>"))
    pair = "<s> $A </s> </s> $B </s>"
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair=pair, special_tokens=[("<s>", start), ("</s>", end)]
    )
    names = dict(zip(("bos_token", "pad_token", "eos_token", "unk_token"), SPECIAL, strict=False))
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, cls_token="<s>", sep_token="</s>", **names)
    made.add_special_tokens({"mask_token": "<mask>"})
    return made


def _byte_level() -> PreTrainedTokenizerBase:
    """As RoBERTa's: a space is part of the word behind it."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([*TEXTS, *OTHERS, *SINGLE, *PAIRS], trainer)
    return _finished(tokenizer)


def _metaspace() -> PreTrainedTokenizerBase:
    """As XLM-R's: whatever it is given begins with a space."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=120, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator([*TEXTS, *OTHERS, *SINGLE, *PAIRS] * 3, trainer)
    return _finished(tokenizer)


def _roberta() -> PreTrainedTokenizerBase:
    """Its own class, whose mask token takes the space before it along."""
    inner = json.loads(_byte_level().backend_tokenizer.to_str())["model"]
    return RobertaTokenizer(vocab=inner["vocab"], merges=[tuple(pair) for pair in inner["merges"]])


def _mpnet(folder: Path) -> PreTrainedTokenizerBase:
    """Its own class: BERT's words with RoBERTa's special tokens."""
    words = [word for word in load_tokenizer(folder).get_vocab() if not word.startswith("[")]
    return MPNetTokenizer(vocab={word: number for number, word in enumerate([*SPECIAL[:4], "[UNK]", *words, "<mask>"])})


@pytest.fixture(scope="module", params=["WordPiece", "byte-level BPE", "Unigram", "RoBERTa", "MPNet"])
def tokenizer(request: pytest.FixtureRequest, tiny_folder: Path) -> PreTrainedTokenizerBase:
    made: dict[str, Callable[[], PreTrainedTokenizerBase]] = {
        "WordPiece": lambda: load_tokenizer(tiny_folder),
        "byte-level BPE": _byte_level,
        "Unigram": _metaspace,
        "RoBERTa": _roberta,
        "MPNet": lambda: _mpnet(tiny_folder),
    }
    return made[request.param]()


def _tokens(
    tokenizer: PreTrainedTokenizerBase,
    texts: list[str],
    others: list[str] | None = None,
    written: tuple[str, ...] | None = None,
    truncation: str = "head",
    longest: int = 64,
) -> TokenArrays:
    written = written or (SINGLE if others is None else PAIRS)
    found = tuple(by_tokenizer(tokenizer, template(text, others is not None)) for text in written)
    pools = {size: most_diverse(written, size) for size in range(1, len(written) + 1)}
    return tokenize(tokenizer, texts, others, longest, truncation, templates=Templates(found, pools))


@pytest.mark.parametrize("pairs", [False, True])
def test_they_are_those_of_the_whole_string(tokenizer: PreTrainedTokenizerBase, pairs: bool) -> None:
    # What looks like a mask token is one to some tokenizers, and no template's.
    texts, others = TEXTS[:3], OTHERS[:3] if pairs else None
    written = PAIRS if pairs else SINGLE
    found = in_templates(_tokens(tokenizer, texts, others), range(len(written)), 64)
    assert len(found) == len(written) * len(texts)
    assert found.masks is not None
    for view, form in enumerate(written):
        for text in range(len(texts)):
            row = view * len(texts) + text
            own = found.ids[found.offsets[row] : found.offsets[row + 1]].tolist()
            assert own[found.masks[row]] == tokenizer.mask_token_id
            filled = form.replace("[MASK]", str(tokenizer.mask_token)).replace("{text}", texts[text])
            if others is not None:
                filled = filled.replace("{text_a}", texts[text]).replace("{text_b}", others[text])
            expected = tokenizer(filled)["input_ids"]
            if '"{text' not in form or "WordPiece" in type(tokenizer.backend_tokenizer.model).__name__:
                assert own == expected, filled


@pytest.mark.parametrize("pairs", [False, True])
def test_what_every_sequence_begins_with_is_ahead_of_the_template(
    tokenizer: PreTrainedTokenizerBase, pairs: bool
) -> None:
    written, others = (PAIRS if pairs else SINGLE)[0], OTHERS[:3] if pairs else None
    found = by_tokenizer(tokenizer, template(written, pairs))
    pool = Templates((found,), {1: (0,)})
    tokens = tokenize(tokenizer, TEXTS[:3], others, 64, prefix="query: ", templates=pool)
    made = in_templates(tokens, (0,), 64)
    assert made.masks is not None
    lead = tokenizer("query:", add_special_tokens=False)["input_ids"]
    for row, mask in enumerate(made.masks):
        own = made.ids[made.offsets[row] : made.offsets[row + 1]].tolist()
        assert own[1 : 1 + len(lead)] == lead
        # Once, and not before each text of a pair.
        assert sum(own[i : i + len(lead)] == lead for i in range(len(own))) == 1
        assert own[mask] == tokenizer.mask_token_id


@pytest.mark.parametrize("truncation", ["head", "tail", "head+tail"])
@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize("words", [0, 1, 30, 600])
def test_template_and_mask_survive(
    tokenizer: PreTrainedTokenizerBase, words: int, pairs: bool, truncation: str
) -> None:
    texts = [" ".join(["film"] * words), TEXTS[3]]
    others = ["", " ".join(["laughs"] * words)] if pairs else None
    tokens = _tokens(tokenizer, texts, others, truncation=truncation, longest=128)
    assert tokens.templates is not None
    for longest in (48, 128):
        found = in_templates(tokens, range(len(tokens.templates.all)), longest)
        assert found.masks is not None
        assert found.lengths.max() <= longest
        if words == 600:
            assert found.lengths.max() == longest
        for row, mask in enumerate(found.masks):
            own = found.ids[found.offsets[row] : found.offsets[row + 1]].tolist()
            form = tokens.templates.all[row // len(texts)]
            assert own[mask] == tokenizer.mask_token_id
            piece, place = form.mask
            assert tuple(own[mask - place : mask - place + len(form.pieces[piece])]) == form.pieces[piece]
            for kept in form.pieces:
                assert ",".join(map(str, kept)) in ",".join(map(str, own))


def test_what_is_taken_is_the_same(tokenizer: PreTrainedTokenizerBase) -> None:
    tokens = _tokens(tokenizer, TEXTS)
    rows, chosen = np.array([2, 0, 3]), (5, 1)
    whole, part = in_templates(tokens, chosen, 40), in_templates(tokens.take(rows), chosen, 40)
    places = in_views(rows, 2, len(TEXTS))
    assert part.whole[0] is whole
    assert part.whole[1].tolist() == places.tolist()
    assert whole.masks is not None
    assert part.masks is not None
    assert part.masks.tolist() == whole.masks[places].tolist()
    assert part.ids.tolist() == whole.take(places).ids.tolist()
    assert in_templates(tokens, chosen, 40) is whole


def test_what_cannot_be_is_said(tokenizer: PreTrainedTokenizerBase) -> None:
    with pytest.raises(ConfigurationError, match=r"max_length is 8; the template '.*' needs \d+"):
        in_templates(_tokens(tokenizer, TEXTS), range(8), 8)
    with pytest.raises(ConfigurationError, match="no templates here for prompts"):
        in_templates(tokenize(tokenizer, TEXTS, None, 64), (0,), 64)
    bare = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"a": 0}, unk_token="a")))
    with pytest.raises(ModelError, match="no mask token, which templates are read at"):
        by_tokenizer(bare, template("{text} [MASK]"))


def test_a_template_takes_room_from_its_text(tokenizer: PreTrainedTokenizerBase) -> None:
    tokens = _tokens(tokenizer, ["film " * 40, "no"], written=("{text} [MASK]", "{text} That was [MASK], I think."))
    alone = tokenize(tokenizer, ["film " * 40, "no"], None, 64)
    length = int(alone.full_lengths.max())
    assert tokens.templates is not None
    added = sum(map(len, tokens.templates.all[1].pieces))
    assert added > 4
    assert cut_of(alone, length).longer == 0
    cut = cut_of(tokens, length)
    assert (cut.longer, cut.in_templates) == (1, True)
    assert cut_of(tokens, length + added).longer == 0
