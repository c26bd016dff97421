"""Encoders on a CPU run without padding: everything but attention sees the real tokens of a batch, end to end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from tune_dml.models.dropout import quick_dropout
from tune_dml.models.tokens import Batch

_ATTENTION = "tune_dml_unpadded"
#: In bfloat16 oneDNN compiles every matrix product anew for a number of tokens that it has not met: few numbers, then.
#: Up to so many tokens, a multiple of so many; above, of the last.
_MULTIPLES = ((128, 8), (256, 16))
_LARGEST_MULTIPLE = 32
#: ``model_type`` of the families whose attention and embeddings were read and are tested, to whether their positions
#: begin after the padding token's number, and not at 0. All others are given padded batches.
_BEGINS_AFTER_PADDING = {"bert": False, "roberta": True, "xlm-roberta": True}


@dataclass(frozen=True)
class Layout:
    """Where the real tokens of a padded batch are.

    Attributes:
        shape: Texts, and tokens of the longest.
        count: Real tokens.
        real: int64 ``[packed tokens]``: their places among all of the batch; the last may be repeated.
        sources: int64 ``[texts * tokens]``: which real token is at a place; for padding, some real token.
        mask: Bool ``[texts, 1, 1, tokens]``: True at real tokens.
    """

    shape: tuple[int, int]
    count: int
    real: Tensor
    sources: Tensor
    mask: Tensor

    @classmethod
    def of(cls, mask: Tensor, multiple: int = 1) -> Layout:
        """From the mask of a batch, ``[texts, tokens]``; as many packed tokens as a ``multiple`` of."""
        flat = mask.reshape(-1).bool()
        sources = (flat.cumsum(0) - 1).clamp_(min=0)
        real = flat.nonzero().squeeze(1)
        count = len(real)
        if count and count % multiple:
            real = torch.cat([real, real[-1:].expand(-count % multiple)])
        return cls((mask.shape[0], mask.shape[1]), count, real, sources, mask.bool()[:, None, None, :])

    def pack(self, padded: Tensor) -> Tensor:
        """``[texts, tokens, ...]`` to ``[1, packed tokens, ...]``."""
        return padded.flatten(0, 1).index_select(0, self.real)[None]

    def pad(self, packed: Tensor) -> Tensor:
        """``[1, packed tokens, dimension]`` to ``[texts, tokens, dimension]``, with zeros as padding."""
        padded = packed.new_zeros(self.shape[0] * self.shape[1], packed.shape[-1])
        return padded.index_copy(0, self.real[: self.count], packed[0, : self.count]).view(*self.shape, -1)


def allow_unpadded(encoder: nn.Module) -> None:
    """Give ``encoder`` an attention that also takes packed tokens, for good: what several threads share must not be
    changed while they use it. Encoders of other families are left as they are."""
    config: Any = encoder.config
    # As a decoder, a token sees only what stands before it.
    known = config.model_type in _BEGINS_AFTER_PADDING and not getattr(config, "is_decoder", False)
    if known and config._attn_implementation == "sdpa":
        config._attn_implementation = _ATTENTION


def runs_unpadded(encoder: nn.Module, device: torch.device) -> bool:
    """Whether padding costs ``encoder`` next to nothing on ``device``."""
    config: Any = encoder.config
    return device.type == "cpu" and bool(config._attn_implementation == _ATTENTION)


def layout_for(encoder: nn.Module, batch: Batch) -> Layout | None:
    """How to run ``encoder`` on ``batch`` without its padding; ``None``: as it is."""
    if not runs_unpadded(encoder, batch.mask.device) or bool(batch.mask.all()):
        return None
    if not torch.is_autocast_enabled("cpu"):
        return Layout.of(batch.mask)
    tokens = int(batch.mask.sum())
    return Layout.of(batch.mask, next((m for most, m in _MULTIPLES if tokens <= most), _LARGEST_MULTIPLE))


def run_unpadded(encoder: nn.Module, batch: Batch, layout: Layout, **options: Any) -> Any:
    """What ``encoder`` gives for ``batch``, its states packed as ``layout`` has it.

    Args:
        options: Further arguments of the encoder.
    """
    config: Any = encoder.config
    ids = layout.pack(batch.ids)
    first = config.pad_token_id + 1 if _BEGINS_AFTER_PADDING[config.model_type] else 0
    positions = (batch.mask.cumsum(1) - 1).clamp_(min=0) + first
    types = torch.zeros_like(ids) if batch.types is None else layout.pack(batch.types)
    positions = layout.pack(positions)
    return encoder(input_ids=ids, position_ids=positions, token_type_ids=types, layout=layout, **options)


def _attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    layout: Layout | None = None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """Attention within each text; ``query``, ``key``, ``value``: ``[1, heads, packed tokens, dimension]``. Without a
    ``layout``, PyTorch's own on padded batches."""
    if layout is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **others
        )

    def padded(states: Tensor) -> Tensor:
        chosen = states[0].transpose(0, 1).index_select(0, layout.sources)
        return chosen.view(*layout.shape, *chosen.shape[1:]).transpose(1, 2)

    states = padded(query), padded(key), padded(value)
    if dropout:
        mixed = _attend_with_dropout(*states, layout.mask, dropout, scaling)
    else:
        mixed = nn.functional.scaled_dot_product_attention(*states, attn_mask=layout.mask, scale=scaling)
    return layout.pack(mixed.transpose(1, 2)), None


def _attend_with_dropout(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, dropout: float, scaling: float | None
) -> Tensor:
    """In float32, as PyTorch's does it on a CPU where there is dropout, but for the random numbers."""
    with torch.autocast("cpu", enabled=False):
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        scores = (query.float() * scale) @ key.float().transpose(-1, -2)
        weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
        return (quick_dropout(weights, dropout) @ value.float()).to(query.dtype)


AttentionInterface.register(_ATTENTION, _attend)
AttentionMaskInterface.register(_ATTENTION, sdpa_mask)
