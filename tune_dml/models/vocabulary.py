"""Token ids and the encoder's table of them, which may come from different models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tune_dml.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from tune_dml.models.encoder import EncoderBundle
    from tune_dml.models.tokens import TokenArrays


def check_vocabulary(
    encoder: EncoderBundle, tokens: TokenArrays, tokenizer: PreTrainedTokenizerBase, where: str
) -> None:
    """That the encoder knows every token of every text.

    Args:
        where: What the texts are, for the message: ``training``.

    Raises:
        ModelError: it does not; the message names the first such text.
    """
    mend = "Take the tokenizer that was trained with it, or enlarge its embeddings (resize_token_embeddings)."
    found = unknown_token(tokens, encoder.vocabulary)
    if found is not None:
        text, number = found
        shown = tokenizer.convert_ids_to_tokens(number)
        raise ModelError(
            f"The tokenizer has {len(tokenizer)} tokens and the encoder knows {encoder.vocabulary}: {where} text "
            f"{text + 1} has token {number} ('{shown}'). {mend}"
        )
    types = encoder.facts.types
    if types > 1 and tokens.types is not None and int(tokens.types.max(initial=0)) >= types:
        raise ModelError(
            f"The tokenizer gives token types up to {int(tokens.types.max())}, and the encoder knows {types}. {mend}"
        )


def unknown_token(tokens: TokenArrays, rows: int | None) -> tuple[int, int] | None:
    """The first text with a token that a table of so many ``rows`` has not, from 0, and that token."""
    if rows is None or int(tokens.ids.max(initial=0)) < rows:
        return None
    place = int(np.argmax(tokens.ids >= rows))
    return int(np.searchsorted(tokens.offsets, place, side="right")) - 1, int(tokens.ids[place])


def tokenizer_note(encoder: EncoderBundle, tokenizer: PreTrainedTokenizerBase) -> tuple[str, ...]:
    """A sentence where the tokenizer has tokens that the encoder does not know, though no text has them so far."""
    rows = encoder.vocabulary
    if rows is None or len(tokenizer) <= rows:
        return ()
    others = f"its tokenizer has {len(tokenizer)} tokens and it knows {rows} of them"
    return (f"{others}; a text with one of the others will be refused",)


def check_known(tokens: TokenArrays, rows: int | None, pair_encoding: str) -> None:
    """Raises:
    ModelError: a text has a token that an encoder with so many ``rows`` does not know; it is named by its number.
    """
    unknown = unknown_token(tokens, rows)
    if unknown is not None:
        text = unknown[0] // 2 if pair_encoding != "joint" else unknown[0]
        raise ModelError(
            f"Text {text + 1} has token {unknown[1]}, but the encoder knows {rows} tokens: its tokenizer has more. "
            "Leave out what no training text had, or train with an encoder that knows it."
        )
