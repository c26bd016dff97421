"""Templates as tokens, and texts in them: the text is cut, the template and its mask token never are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tune_dml.data import MASK, Template
from tune_dml.errors import ConfigurationError, ModelError
from tune_dml.models.cutting import PLAIN, of_text, shares
from tune_dml.models.template_pieces import TokenTemplate
from tune_dml.models.tokenizer import encode

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from tune_dml.models.token_arrays import TokenArrays

_Rows = npt.NDArray[np.int64]


def by_tokenizer(tokenizer: PreTrainedTokenizerBase, template: Template) -> TokenTemplate:
    """Raises:
    ModelError: the tokenizer has no mask token, or makes something else of it.
    """
    if tokenizer.mask_token is None:
        raise ModelError("The encoder's tokenizer has no mask token, which templates are read at.")
    pieces, spaced = [], []
    for place, piece in enumerate(template.pieces):
        last = place == len(template.slots)
        # The space before a text is the text's.
        kept = piece if last else piece.rstrip()
        if not last:
            spaced.append(kept != piece)
        pieces.append(piece_ids(tokenizer, kept.replace(MASK, tokenizer.mask_token), first=not place))
    where = [(place, ids.index(tokenizer.mask_token_id)) for place, ids in enumerate(pieces) if _masks(tokenizer, ids)]
    if len(where) != 1 or sum(_masks(tokenizer, ids) for ids in pieces) != 1:
        raise ModelError(f"The encoder's tokenizer does not keep the mask token of the template '{template.text}'.")
    return TokenTemplate(template.text, tuple(pieces), template.slots, tuple(spaced), where[0])


def piece_ids(tokenizer: PreTrainedTokenizerBase, piece: str, first: bool) -> tuple[int, ...]:
    """Of a piece as it is behind a text; of the first one, at the beginning."""
    if not piece:
        return ()
    alone = list(encode(tokenizer, piece, add_special_tokens=False)["input_ids"])
    if first:
        return tuple(alone)
    # Some tokenizers begin whatever they are given with a space.
    lead = list(encode(tokenizer, "a", add_special_tokens=False)["input_ids"])
    both = list(encode(tokenizer, f"a{piece}", add_special_tokens=False)["input_ids"])
    return tuple(both[len(lead) :] if both[: len(lead)] == lead else alone)


def tells_spaces(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether a space before a text makes other tokens of it."""
    spaced, plain = (encode(tokenizer, text, add_special_tokens=False)["input_ids"] for text in (" a", "a"))
    return list(spaced) != list(plain)


def in_templates(tokens: TokenArrays, chosen: Sequence[int], max_length: int) -> TokenArrays:
    """The texts in each of the ``chosen`` templates: all of them in the first one, then all in the next.

    Raises:
        ConfigurationError: there are no templates, or one leaves no room for texts.
    """
    if tokens.templates is None:
        raise ConfigurationError("There are no templates here for prompts; give the texts by --templates.")
    if tokens.origin is not None:
        whole, places = tokens.origin
        return in_templates(whole, chosen, max_length).take(in_views(places, len(chosen), len(whole)))
    key = (*chosen, max_length)
    if key not in tokens.made:
        tokens.made[key] = _made(tokens, [tokens.templates.all[place] for place in chosen], max_length)
    return tokens.made[key]


def in_views(rows: _Rows, views: int, texts: int) -> _Rows:
    """Where the texts at ``rows`` are among so many views of ``texts`` texts."""
    return (np.arange(views, dtype=np.int64)[:, None] * texts + rows).reshape(-1)


def _made(tokens: TokenArrays, templates: Sequence[TokenTemplate], max_length: int) -> TokenArrays:
    rows: list[npt.NDArray[np.int32]] = []
    masks: list[int] = []
    for template in templates:
        for text in range(len(tokens)):
            row, mask = _one(tokens, template, text, max_length)
            rows.append(row)
            masks.append(mask)
    lengths = np.array([0, *(len(row) for row in rows)], dtype=np.int64)
    ids = np.concatenate([tokens.ids[:0], *rows])
    return replace(
        tokens,
        ids=ids,
        offsets=np.cumsum(lengths),
        types=None if tokens.types is None else np.zeros_like(ids),
        masks=np.array(masks, dtype=np.int64),
        ending=None,
        towers=None,
        contents=None,
        templates=None,
        spaced=None,
        layout=PLAIN,
    )


def _one(tokens: TokenArrays, template: TokenTemplate, text: int, max_length: int) -> tuple[npt.NDArray[np.int32], int]:
    """A text, or pair, in a template; and where its mask token is."""
    source, each = (tokens, 1) if tokens.towers is None else (tokens.towers, 2)
    layout = source.layout
    fixed = layout.specials + layout.prefix + sum(map(len, template.pieces))
    if max_length < fixed + len(template.slots):
        least = fixed + len(template.slots)
        raise ConfigurationError(f"max_length is {max_length}; the template '{template.text}' needs {least}.")
    own = [
        _content(source if not spaced or tokens.spaced is None else tokens.spaced, each * text + slot)
        for slot, spaced in zip(template.slots, template.spaced, strict=True)
    ]
    kept = shares(len(own[0]), len(own[1]) if len(own) > 1 else 0, max_length - fixed)
    start, end = source.offsets[each * text], source.offsets[each * text + 1]
    # What every sequence begins with is ahead of the template.
    begin = source.ids[start : start + layout.before + layout.prefix]
    parts = [begin, np.array(template.pieces[0], dtype=np.int32)]
    mask = 0
    for place, content in enumerate(own):
        if template.mask[0] == place:
            mask = sum(map(len, parts[:-1])) + template.mask[1]
        parts.append(content[of_text(len(content), kept[place], 0, layout.truncation)])
        parts.append(np.array(template.pieces[place + 1], dtype=np.int32))
    if template.mask[0] == len(own):
        mask = sum(map(len, parts[:-1])) + template.mask[1]
    parts.append(source.ids[end - layout.after : end] if layout.after else source.ids[:0])
    return np.concatenate(parts), mask


def _content(tokens: TokenArrays, text: int) -> npt.NDArray[np.int32]:
    """A text without special tokens, and without what every sequence begins with."""
    start = int(tokens.offsets[text]) + tokens.layout.before + tokens.layout.prefix
    return tokens.ids[start : max(int(tokens.offsets[text + 1]) - tokens.layout.after, start)]


def _masks(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> int:
    return sum(number == tokenizer.mask_token_id for number in ids)
