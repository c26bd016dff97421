"""Classes that begin as words: a masked language model's own opinion, as a head's first weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tune_dml.errors import ModelError
from tune_dml.models.encoder import EncoderBundle
from tune_dml.models.token_templates import piece_ids

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def with_words(bundle: EncoderBundle, tokenizer: PreTrainedTokenizerBase, words: Sequence[str]) -> EncoderBundle:
    """``bundle`` with the embeddings, and biases, of ``words`` as the rows of its masked-LM head. Several tokens, or
    words, count as their mean.

    Raises:
        ModelError: it has no masked-LM head, or none that goes with its word embeddings, or does not know a word.
    """
    head = bundle.word_head
    if head is None:
        raise ModelError(f"{bundle.name} has no masked-LM head for --words; --adapt-mlm N gives it one.")
    embeddings = bundle.word_embeddings
    if embeddings.shape[1] != head.width:
        raise ModelError(f"The masked-LM head of {bundle.name} does not share its word embeddings: leave --words out.")
    biases = np.zeros(len(embeddings), dtype=np.float32) if head.word_bias is None else head.word_bias
    tokens = [list(piece_ids(tokenizer, f" {word}", first=False)) for word in words]
    for word, ids in zip(words, tokens, strict=True):
        if not ids or (tokenizer.unk_token_id is not None and tokenizer.unk_token_id in ids):
            raise ModelError(f"The tokenizer of {bundle.name} does not know the word '{word}'; name another.")
    rows = np.stack([embeddings[ids].mean(axis=0) for ids in tokens])
    offsets = np.array([biases[ids].mean() for ids in tokens], dtype=np.float32)
    return replace(bundle, word_head=replace(head, rows=rows, row_bias=offsets))
