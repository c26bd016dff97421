"""How a text becomes one vector, and what the metric loss sees of it."""

from __future__ import annotations

import torch
from torch import Tensor

from tune_dml.errors import ConfigurationError
from tune_dml.models.tokens import TokenArrays


def prepared(tokens: TokenArrays, representation: str, max_length: int, pair_encoding: str = "joint") -> TokenArrays:
    """The texts as the encoder shall see them: with any pair encoding but ``joint`` those of pairs apart, for ``mask``
    with the template after them.

    Raises:
        ConfigurationError: the encoder cannot have this representation, or there are no pairs.
    """
    if pair_encoding != "joint":
        if tokens.towers is None:
            raise ConfigurationError(
                f"pair_encoding is '{pair_encoding}', but this task has single texts; take 'joint'."
            )
        if representation == "tokens":
            raise ConfigurationError(f"pair_encoding '{pair_encoding}' does not go with the representation 'tokens'.")
        tokens = tokens.towers
    return tokens.prompted(max_length) if representation == "mask" else tokens


def combined(vectors: Tensor, pair_encoding: str) -> Tensor:
    """One vector per example: of ``towers``, whose texts follow one another, ``|u - v|`` and ``u * v`` end to end; of
    ``similarity`` behind these the cosine of ``u`` and ``v``."""
    if pair_encoding == "joint":
        return vectors
    first, second = vectors[0::2], vectors[1::2]
    parts = [(first - second).abs(), first * second]
    if pair_encoding == "similarity":
        parts.append(torch.nn.functional.cosine_similarity(first, second, dim=1).unsqueeze(1))
    return torch.cat(parts, dim=1)


def width(dimension: int, pair_encoding: str) -> int:
    """Of what :func:`combined` gives."""
    return dimension if pair_encoding == "joint" else 2 * dimension + (pair_encoding == "similarity")


def after_mask(tokens: TokenArrays) -> int:
    """How many tokens follow the mask token of a text that :func:`prepared` gave for ``mask``."""
    return 0 if tokens.ending is None else tokens.ending.after_mask


def pool(
    hidden: Tensor, mask: Tensor, representation: str, after_mask: int = 0, places: Tensor | None = None
) -> Tensor:
    """One vector per text.

    Args:
        hidden: Last hidden states, ``[texts, tokens, dimension]``.
        mask: 1 for real tokens, 0 for padding, ``[texts, tokens]``.
        representation: ``cls`` takes the first token, ``last_token`` the last real one, ``mask`` the one that
            ``after_mask`` real ones follow; ``mean`` and ``tokens`` the mean over real tokens.
        places: Of each text, the token that is taken, whatever the representation is.

    Returns:
        float32 ``[texts, dimension]``.
    """
    hidden = hidden.float()
    if representation == "cls":
        return hidden[:, 0]
    if places is not None:
        return hidden[torch.arange(len(hidden), device=hidden.device), places]
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
