"""How a text becomes one vector, and what the metric loss sees of it."""

from __future__ import annotations

import torch
from torch import Tensor

from tune_dml.models.tokens import TokenArrays


def prepared(tokens: TokenArrays, representation: str, max_length: int) -> TokenArrays:
    """The texts as the encoder shall see them: for ``mask`` with the template after them.

    Raises:
        ConfigurationError: the encoder cannot have this representation.
    """
    return tokens.prompted(max_length) if representation == "mask" else tokens


def after_mask(tokens: TokenArrays) -> int:
    """How many tokens follow the mask token of a text that :func:`prepared` gave for ``mask``."""
    return 0 if tokens.ending is None else tokens.ending.after_mask


def pool(hidden: Tensor, mask: Tensor, representation: str, after_mask: int = 0) -> Tensor:
    """One vector per text.

    Args:
        hidden: Last hidden states, ``[texts, tokens, dimension]``.
        mask: 1 for real tokens, 0 for padding, ``[texts, tokens]``.
        representation: ``cls`` takes the first token, ``last_token`` the last real one, ``mask`` the one that
            ``after_mask`` real ones follow; ``mean`` and ``tokens`` the mean over real tokens.

    Returns:
        float32 ``[texts, dimension]``.
    """
    hidden = hidden.float()
    if representation == "cls":
        return hidden[:, 0]
    if representation in ("last_token", "mask"):
        # Padding stands at the end.
        place = mask.long().sum(1).clamp(min=1) - 1 - (after_mask if representation == "mask" else 0)
        return hidden[torch.arange(len(hidden), device=hidden.device), place]
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1.0)


def examples(
    hidden: Tensor, mask: Tensor, labels: Tensor, representation: str, after_mask: int = 0
) -> tuple[Tensor, Tensor]:
    """What the metric loss sees: vectors ``[n, dimension]`` (float32) and their labels ``[n]``.

    For ``tokens`` every real token is an example with its own text's label (padding never is); otherwise each
    text is one example.
    """
    if representation != "tokens":
        return pool(hidden, mask, representation, after_mask), labels
    real = mask.bool()
    return hidden.float()[real], labels.unsqueeze(1).expand_as(mask)[real]
