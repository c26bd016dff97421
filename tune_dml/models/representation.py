"""How a text becomes one vector, and what the metric loss sees of it."""

from __future__ import annotations

import torch
from torch import Tensor


def pool(hidden: Tensor, mask: Tensor, representation: str) -> Tensor:
    """One vector per text.

    Args:
        hidden: Last hidden states, ``[texts, tokens, dimension]``.
        mask: 1 for real tokens, 0 for padding, ``[texts, tokens]``.
        representation: ``cls`` takes the first token, ``last_token`` the last real one; ``mean`` and ``tokens`` the
            mean over real tokens.

    Returns:
        float32 ``[texts, dimension]``.
    """
    hidden = hidden.float()
    if representation == "cls":
        return hidden[:, 0]
    if representation == "last_token":
        # Padding stands at the end.
        last = mask.long().sum(1).clamp(min=1) - 1
        return hidden[torch.arange(len(hidden), device=hidden.device), last]
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1.0)


def examples(hidden: Tensor, mask: Tensor, labels: Tensor, representation: str) -> tuple[Tensor, Tensor]:
    """What the metric loss sees: vectors ``[n, dimension]`` (float32) and their labels ``[n]``.

    For ``tokens`` every real token is an example with its own text's label (padding never is); otherwise each
    text is one example.
    """
    if representation != "tokens":
        return pool(hidden, mask, representation), labels
    real = mask.bool()
    return hidden.float()[real], labels.unsqueeze(1).expand_as(mask)[real]
