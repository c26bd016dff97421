"""What an encoder of transformers is made of, found without running it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

#: Of encoders to which the numbers of token types mean nothing.
_ANY_TYPE = 1_000


@dataclass(frozen=True)
class Stack:
    """An encoder's layers, lowest first; no two share a weight.

    Attributes:
        owner, attribute: The module that runs them, and its ``ModuleList``; ``None`` where they stand in several lists.
        path: Dotted, of that list; weights of layer ``i`` begin with ``path.i.``.
    """

    layers: tuple[nn.Module, ...]
    owner: nn.Module | None = None
    attribute: str = ""
    path: str = ""


class _NoPooler(nn.Module):
    """Stands where a pooler was that cannot be left out."""

    def forward(self, hidden: Tensor, *_: Any) -> Tensor:
        return hidden


class EncoderAlone(nn.Module):
    """The encoder of an encoder-decoder, under the names that it has there: the decoder is neither kept nor run."""

    def __init__(self, whole: Any) -> None:
        super().__init__()
        self.config = whole.config
        self.encoder = whole.encoder

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, **options: Any) -> Any:
        return self.encoder(input_ids=input_ids, attention_mask=attention_mask, **options)

    def get_input_embeddings(self) -> nn.Module:
        found: nn.Module = self.encoder.get_input_embeddings()
        return found

    def _init_weights(self, module: nn.Module) -> None:
        self.encoder._init_weights(module)


def text_encoder(model: Any) -> Any:
    """``model`` without what no representation here uses: its pooler, its decoder."""
    if isinstance(getattr(model, "pooler", None), nn.Module):
        model.pooler = _NoPooler()
    # What a user has wanted of the whole model once: tuples, and states and attention of every layer.
    for name, value in (
        ("use_cache", False),
        ("return_dict", True),
        ("output_hidden_states", False),
        ("output_attentions", False),
    ):
        if getattr(model.config, name, value) is not value:
            setattr(model.config, name, value)
    # Which attention BigBird takes would else depend on the first text that it meets.
    if getattr(model, "attention_type", None) == "block_sparse" and hasattr(model, "set_attention_type"):
        model.set_attention_type("original_full")
    return EncoderAlone(model) if "decoder_input_ids" in accepted(model) else model


def accepted(encoder: nn.Module) -> frozenset[str]:
    """Names of what its ``forward`` takes."""
    return frozenset(inspect.signature(encoder.forward).parameters)


def word_embeddings(encoder: nn.Module) -> nn.Module | None:
    """The table that token ids index; ``None`` where there is none."""
    try:
        found = encoder.get_input_embeddings()  # type: ignore[operator]
    except (AttributeError, RuntimeError):  # transformers says in either way that there is none
        return None
    return found if isinstance(getattr(found, "weight", None), Tensor) else None


def rows_of(encoder: nn.Module) -> int | None:
    """Of that table: token ids are below; ``None``: any id."""
    table = word_embeddings(encoder)
    return None if table is None else len(table.weight)  # type: ignore[arg-type]


def token_types(encoder: nn.Module) -> int:
    """How many types of tokens (first text, second text) it tells apart; 0: none."""
    if "token_type_ids" not in accepted(encoder):
        return 0
    for name, module in encoder.named_modules():
        if isinstance(module, nn.Embedding) and "token_type" in name.rpartition(".")[2]:
            return module.num_embeddings
    # XLNet and Funnel compare the types of two tokens, whatever they are called.
    return _ANY_TYPE if any(name.rpartition(".")[2] == "seg_embed" for name, _ in encoder.named_parameters()) else 0


def positions_of(encoder: nn.Module) -> int | None:
    """Tokens of a text, special ones included, that its positions allow, or that it was made for where they are
    relative; ``None``: any number."""
    limits = [_configured(text_config(encoder))]
    for name, module in encoder.named_modules():
        last = name.rpartition(".")[2]
        # LayoutLM has further ones of places on a page.
        if not isinstance(module, nn.Embedding) or last[:2] in ("x_", "y_", "h_", "w_"):
            continue
        if "position" in last or last == "wpe":
            # RoBERTa numbers positions from the padding token's id on, BART and OPT from 2.
            first = module.padding_idx + 1 if module.padding_idx is not None else int(getattr(module, "offset", 0))
            limits.append(module.num_embeddings - first)
    return min((limit for limit in limits if limit is not None and limit > 0), default=None)


def _configured(config: Any) -> int | None:
    found = getattr(config, "max_position_embeddings", None)
    return found if isinstance(found, int) else None


def text_config(encoder: nn.Module) -> Any:
    """Its configuration, or the part of it that is about texts."""
    config: Any = getattr(encoder, "config", None)
    try:
        return config.get_text_config()
    except (AttributeError, ValueError):
        return config


def layers_that_run(encoder: nn.Module) -> int | None:
    """How many its configuration names."""
    found = getattr(text_config(encoder), "num_hidden_layers", None)
    return found if isinstance(found, int) and found > 0 else None


def stack_of(encoder: nn.Module) -> Stack | None:
    """The encoder's layers; ``None`` where they cannot be told apart (ALBERT runs one layer many times)."""
    wanted = layers_that_run(encoder)
    found = list(_lists(encoder))
    if wanted is None:
        wanted = max((len(_flat(layers)) for _, layers in found), default=0)
    modules = dict(encoder.named_modules())
    for path, layers in found:
        flat = _flat(layers)
        if len(flat) != wanted or not flat:
            continue
        owner, attribute = modules[path.rpartition(".")[0]], path.rpartition(".")[2]
        # XLM keeps each part of its layers in a list of its own.
        beside = [child for child in owner.children() if isinstance(child, nn.ModuleList) and len(child) == len(layers)]
        if len(beside) > 1:
            stack = Stack(tuple(nn.ModuleList(parts) for parts in zip(*beside, strict=True)))
        elif len(flat) != len(layers):
            stack = Stack(flat)
        else:
            stack = Stack(flat, owner, attribute, path)
        return None if _share(stack.layers) else stack
    return None


def _lists(encoder: nn.Module) -> Iterator[tuple[str, nn.ModuleList]]:
    """The lists of modules that are inside no other one, outermost first."""
    inside: list[str] = []
    for path, module in encoder.named_modules():
        if isinstance(module, nn.ModuleList) and not any(path.startswith(outer) for outer in inside):
            inside.append(f"{path}.")
            yield path, module


def _flat(layers: nn.ModuleList) -> tuple[nn.Module, ...]:
    """Funnel has a list of layers for each of its blocks."""
    if layers and all(isinstance(layer, nn.ModuleList) for layer in layers):
        return tuple(layer for block in layers for layer in block)  # type: ignore[attr-defined]
    return tuple(layers)


def _share(layers: tuple[nn.Module, ...]) -> bool:
    seen: dict[int, int] = {}
    return any(
        seen.setdefault(id(parameter), number) != number
        for number, layer in enumerate(layers)
        for parameter in layer.parameters()
    )


def shortened_config(config: Any, values: Mapping[str, Any], layers: int) -> dict[str, Any] | None:
    """``values``, the JSON of ``config``, with the lowest ``layers`` layers only; ``None`` where it does not say how
    many there are."""
    name = getattr(config, "attribute_map", {}).get("num_hidden_layers", "num_hidden_layers")
    before = values.get(name)
    if not isinstance(before, int):
        return None
    cut = {
        k: v[:layers]
        for k, v in values.items()
        if isinstance(v, list) and re.search("layer|window", k) and len(v) == before
    }
    return {**values, **cut, name: layers}
