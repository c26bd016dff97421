"""From texts to token arrays: once, by the driver."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt
from transformers import PreTrainedTokenizerBase

from tune_dml.errors import ModelError
from tune_dml.models.cutting import layout_of
from tune_dml.models.template_pieces import Templates
from tune_dml.models.token_arrays import Batch, Ending, TokenArrays, both, by_length
from tune_dml.models.token_templates import tells_spaces
from tune_dml.models.tokenizer import encode

__all__ = ["TEMPLATE", "Batch", "Ending", "TokenArrays", "both", "by_length", "own_limit", "tokenize"]

#: Texts, and characters, that are tokenised at a time.
_BLOCK, _BLOCK_CHARACTERS = 5_000, 4_000_000
#: What tokenizers give as their limit that have none is far above.
_NO_LIMIT = 1e9
#: What follows a text whose class is read at the mask token (Gao et al. 2021, arXiv 2012.15723).
TEMPLATE = " It was {mask}."


def tokenize(
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    texts_b: Sequence[str] | None,
    max_length: int,
    truncation: str = "head",
    prefix: str = "",
    templates: Templates | None = None,
) -> TokenArrays:
    """Token arrays of texts, or of pairs encoded jointly and apart; at most ``max_length`` tokens each, specials
    included.

    Args:
        truncation: Which tokens of longer texts are kept, as of :class:`Layout`. The tokenizer never cuts: how much is
            lost would not be known, and what it is told to cut to is a state that other threads would see.
        prefix: What every sequence begins with: of pairs encoded jointly, the first text.
        templates: What the texts may be put in.
    """
    towers = spaced = None
    apart = texts if texts_b is None else list(chain.from_iterable(zip(texts, texts_b, strict=True)))
    if texts_b is not None:
        towers = tokenize(tokenizer, apart, None, max_length, truncation, prefix)
    if templates is not None and any(any(one.spaced) for one in templates.all) and tells_spaces(tokenizer):
        spaced = tokenize(tokenizer, apart, None, max_length, truncation, f" {prefix}")
    limit = min(max_length, own_limit(tokenizer) or max_length)
    layout = layout_of(tokenizer, texts_b is not None, truncation, prefix)
    fill = _filler(tokenizer)
    pad = fill if tokenizer.pad_token_id is None else int(tokenizer.pad_token_id)
    has_types = "token_type_ids" in tokenizer.model_input_names
    # Of each block as arrays: as lists of numbers, 100,000 long texts would need ten times the memory.
    ids, types, lengths = [np.empty(0, np.int32)], [np.empty(0, np.int32)], [np.zeros(1, np.int64)]
    contents = [np.empty((0, 2), np.int64)]
    for start, end in _blocks(texts, texts_b):
        pairs = [list(texts_b[start:end])] if texts_b is not None else []
        given = [prefix + text for text in texts[start:end]]
        made = encode(tokenizer, given, *pairs, return_attention_mask=False, verbose=False)
        # Without special tokens an empty text would have none at all, and nothing to be represented by.
        rows = [row or [fill] for row in made["input_ids"]]
        offsets = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
        first = inner = np.diff(offsets) - layout.specials
        if towers is not None and towers.contents is not None:
            first = np.minimum(inner, towers.contents[2 * start : 2 * end : 2, 0])
        contents.append(np.stack([first, inner - first], axis=1))
        row_types = _flat([row or [0] for row in made["token_type_ids"]]) if has_types else None
        whole = TokenArrays(_flat(rows), offsets, row_types, pad, layout=layout, contents=contents[-1])
        cut = whole.cut(limit)
        ids.append(cut.ids)
        lengths.append(cut.lengths)
        if cut.types is not None:
            types.append(cut.types)
    return TokenArrays(
        np.concatenate(ids),
        np.cumsum(np.concatenate(lengths), dtype=np.int64),
        np.concatenate(types) if has_types else None,
        pad,
        ending=_ending(tokenizer),
        towers=towers,
        layout=layout,
        contents=np.concatenate(contents),
        templates=templates,
        spaced=spaced,
    )


def _filler(tokenizer: PreTrainedTokenizerBase) -> int:
    """What stands for an empty text where no special token does, and for padding where there is none."""
    known = (tokenizer.eos_token_id, tokenizer.bos_token_id, tokenizer.pad_token_id, tokenizer.unk_token_id)
    return next((number for number in known if number is not None), 0)


def own_limit(tokenizer: PreTrainedTokenizerBase) -> int | None:
    """The most tokens of a text that the tokenizer's own files allow, if they say so.

    Raises:
        ModelError: they say something else than a number of tokens.
    """
    longest = getattr(tokenizer, "model_max_length", None)
    if longest is None:
        return None
    if not isinstance(longest, int | float) or not longest >= 1:
        raise ModelError(f"The tokenizer's model_max_length is {longest!r}; it must be a number of tokens.")
    return int(longest) if longest < _NO_LIMIT else None


def _blocks(texts: Sequence[str], texts_b: Sequence[str] | None) -> Iterator[tuple[int, int]]:
    """From where to where texts are tokenised at a time."""
    start, characters = 0, 0
    for i, text in enumerate(texts):
        characters += len(text) + (0 if texts_b is None else len(texts_b[i]))
        if i + 1 - start == _BLOCK or characters >= _BLOCK_CHARACTERS or i + 1 == len(texts):
            yield start, i + 1
            start, characters = i + 1, 0


def _ending(tokenizer: PreTrainedTokenizerBase) -> Ending | None:
    if tokenizer.mask_token is None:
        return None
    ids = encode(tokenizer, TEMPLATE.replace("{mask}", tokenizer.mask_token), add_special_tokens=False)["input_ids"]
    return Ending(tuple(ids), len(ids) - ids.index(tokenizer.mask_token_id))


def _flat(rows: Sequence[Sequence[int]]) -> npt.NDArray[np.int32]:
    return np.fromiter(chain.from_iterable(rows), dtype=np.int32)
