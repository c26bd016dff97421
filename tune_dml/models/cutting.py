"""Which tokens of a text that is too long are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from tune_dml.models.tokenizer import encode

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_Places = npt.NDArray[np.int64]


class Layout(NamedTuple):
    """Where special tokens stand, and what is kept of a text that is too long.

    Attributes:
        before, between, after: How many special tokens are ahead of a text, between the two of a pair, and at the end.
        prefix: Tokens at the beginning of the (first) text that are kept like special ones.
        truncation: ``head`` keeps the first tokens, ``tail`` the last, ``head+tail`` as many of either.
    """

    before: int = 1
    between: int = 0
    after: int = 1
    prefix: int = 0
    truncation: str = "head"

    @property
    def specials(self) -> int:
        return self.before + self.between + self.after


#: That of BERT's single texts.
PLAIN = Layout()


def layout_of(tokenizer: PreTrainedTokenizerBase, pairs: bool, truncation: str = "head", prefix: str = "") -> Layout:
    """How ``tokenizer`` lays out single texts, or ``pairs``, that begin with ``prefix``."""
    # What follows may join the last space of a prefix.
    kept = len(encode(tokenizer, prefix.rstrip(), add_special_tokens=False)["input_ids"]) if prefix else 0
    encoded = encode(tokenizer, "a", *["a"] * pairs)
    ids = list(encoded["input_ids"])
    if tokenizer.is_fast:
        texts = encoded.sequence_ids(0)
    else:
        bare = list(encode(tokenizer, "a", add_special_tokens=False)["input_ids"])
        found = [i for i in range(len(ids)) if ids[i : i + len(bare)] == bare][: 1 + pairs]
        texts = [
            next((n for n, start in enumerate(found) if start <= i < start + len(bare)), None) for i in range(len(ids))
        ]
    inner = [i for i, text in enumerate(texts) if text is not None]
    if not inner:
        # A tokenizer that makes nothing of a letter: as if its last token closed a text.
        return Layout(max(0, len(ids) - 1), 0, min(1, len(ids)), kept, truncation)
    before, after = inner[0], len(ids) - 1 - inner[-1]
    between = sum(text is None for text in texts[before : len(ids) - after])
    return Layout(before, between, after, kept, truncation)


def kept_places(layout: Layout, contents: tuple[int, int], length: int, limit: int) -> _Places:
    """Where in a text of ``length`` tokens those are that stay if it is cut to ``limit``: int64 ``[limit]``, rising.

    Of a pair, what is cut comes off the longer text, as tokenizers do it (longest first), and of each text it is what
    the layout says.

    Args:
        contents: Tokens of the first and of the second text before anything was cut, special ones not counted.
    """
    if length <= limit or limit <= layout.specials:
        return np.arange(min(length, limit))
    had = shares(*contents, length - layout.specials)
    kept = shares(*contents, limit - layout.specials)
    second = layout.before + had[0] + layout.between
    return np.concatenate(
        [
            np.arange(layout.before),
            layout.before + of_text(had[0], kept[0], layout.prefix, layout.truncation),
            np.arange(second - layout.between, second),
            second + of_text(had[1], kept[1], 0, layout.truncation),
            np.arange(length - layout.after, length),
        ]
    )


def shares(first: int, second: int, room: int) -> tuple[int, int]:
    """How many tokens each text of a pair may keep, as the tokenizers library shares them out."""
    if first + second <= room:
        return first, second
    short = min(first, second)
    long = max(short, room - short)
    if short + long > room:
        short, long = room // 2, room - room // 2
    return (short, long) if first <= second else (long, short)


def of_text(length: int, room: int, prefix: int, truncation: str) -> _Places:
    """Which of the ``length`` tokens of a text stay in so much ``room``, rising; ``prefix`` as of :class:`Layout`."""
    if length <= room or truncation == "head":
        return np.arange(min(length, room))
    lead = min(prefix, room)
    head = lead + (0 if truncation == "tail" else (room - lead + 1) // 2)
    return np.concatenate([np.arange(head), np.arange(length - (room - head), length)])
