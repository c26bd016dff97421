"""What an encoder can do, from running it on two short texts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from tune_dml.errors import ModelError, first_line
from tune_dml.models.partial import Traits
from tune_dml.models.prefix import LayeredEncoder
from tune_dml.models.structure import accepted, layers_that_run, positions_of, rows_of, stack_of, token_types
from tune_dml.models.tokens import Batch

#: Of the largest state: what two ways of computing the same may differ by in float32.
TOLERANCE = 1e-4
#: Tokens of the two texts.
_LENGTHS = (7, 4)
#: Tokens of a text that an encoder must be able to read, special ones included.
_FEWEST = 4


@dataclass(frozen=True)
class EncoderFacts:
    """What holds for one encoder.

    Attributes:
        dimension: Of its last hidden states.
        depth: Layers whose hidden states it gives, counted from the top, all of the same shape; at least 1.
        layers: How many can be trained or frozen apart; ``None`` where they cannot be told apart.
        runs: How often a layer is run. More than ``layers`` where they are shared.
        path: Of the list of its layers, dotted; empty where there is no such list.
        positions: Tokens of a text that its positions allow; ``None``: any number.
        vocabulary: Rows of its word embeddings; ``None`` where it has no such table.
        types: How many types of tokens (first text, second text) it tells apart; 0 or 1: it takes none.
        traits: How it has to be run.
    """

    dimension: int
    depth: int
    layers: int | None
    runs: int | None
    path: str
    positions: int | None
    vocabulary: int | None
    types: int
    traits: Traits


def facts_of(encoder: nn.Module) -> EncoderFacts:
    """Run ``encoder`` on two short texts, together and alone, in evaluation mode. It is left as it was.

    Raises:
        ModelError: it does not turn token ids alone into a vector for each token.
    """
    with _untouched(encoder):
        try:
            return _examined(encoder)
        except ModelError:
            raise
        except Exception as error:  # whatever a model meets that wants other inputs
            if isinstance(error, AttributeError) and "last_hidden_state" in str(error):
                raise ModelError("it gives one vector for a text, and none for its tokens") from error
            raise ModelError(f"it cannot be run on texts alone ({first_line(error)})") from error


def _examined(encoder: nn.Module) -> EncoderFacts:
    if "input_ids" not in accepted(encoder):
        raise ModelError("it takes no token ids: it is not a text encoder")
    rows, positions = rows_of(encoder), positions_of(encoder)
    if positions is not None and positions < _FEWEST:
        raise ModelError(f"its positions allow {positions} tokens of a text, and {_FEWEST} are the least")
    batch = _two_texts(rows, positions, getattr(encoder.config, "pad_token_id", None))
    plain = LayeredEncoder(encoder, None, traits=Traits())
    states = plain.all_states(batch)
    last = states[-1]
    if last.shape[:2] != batch.ids.shape:
        raise ModelError("it does not give a vector for each token")
    if not bool(torch.isfinite(last[batch.mask.bool()]).all()):
        raise ModelError("its numbers are not finite: its weights are damaged; copy or download it again")
    # CANINE takes in no text of fewer than four characters.
    plain(Batch(batch.ids[:1, :1], batch.mask[:1, :1], None))
    depth = 1
    while depth < len(states) - 1 and states[-1 - depth].shape == last.shape:
        depth += 1
    stack = stack_of(encoder)
    facts = EncoderFacts(
        dimension=int(last.shape[2]),
        depth=depth,
        layers=None if stack is None else len(stack.layers),
        runs=layers_that_run(encoder),
        path="" if stack is None else stack.path,
        positions=positions,
        vocabulary=rows,
        types=token_types(encoder),
        traits=Traits(masks=_masks(plain, batch, last), dimension=int(last.shape[2])),
    )
    return replace(facts, traits=_with_prefix(encoder, facts, batch, last))


def _two_texts(rows: int | None, positions: int | None, pad: Any) -> Batch:
    longest = min(_LENGTHS[0], positions or _LENGTHS[0])
    shorter = max(1, longest * _LENGTHS[1] // _LENGTHS[0])
    known = [number for number in range(rows or 128) if number != pad] or [0]
    ids = torch.tensor(
        [[known[(len(known) // 3 + 5 * i + 3 * text) % len(known)] for i in range(longest)] for text in (0, 1)]
    )
    mask = torch.tensor([[1] * longest, [1] * shorter + [0] * (longest - shorter)])
    filler = pad if isinstance(pad, int) and 0 <= pad < (rows or 128) else 0
    return Batch(torch.where(mask.bool(), ids, filler), mask, None)


def _masks(encoder: LayeredEncoder, batch: Batch, together: Tensor) -> bool:
    """Whether a text's states are the same alone and beside a longer one."""
    if not encoder.takes_mask:
        return False
    length = int(batch.mask[1].sum())
    alone = encoder(Batch(batch.ids[1:, :length], batch.mask[1:, :length], None))
    return _same(alone[0], together[1, :length])


def _with_prefix(encoder: nn.Module, facts: EncoderFacts, batch: Batch, whole: Tensor) -> Traits:
    """How what frozen layers give can be kept: the first way that gives the numbers of the whole encoder."""
    traits = facts.traits
    if facts.layers is None or facts.layers < 2 or not traits.masks:
        return traits
    for prefix in ("slice", "skip"):
        try:
            way = replace(traits, prefix=prefix, outputs=_outputs(encoder, batch) if prefix == "skip" else 0)
            if all(_same_apart(encoder, way, frozen, batch, whole) for frozen in {1, facts.layers - 1}):
                return way
        except Exception:  # such an encoder cannot be run this way
            continue
    return traits


def _outputs(encoder: nn.Module, batch: Batch) -> int:
    """How many things its first layer gives; 0: the states alone."""
    stack, given = stack_of(encoder), []
    assert stack is not None
    hook = stack.layers[0].register_forward_hook(lambda _module, _args, output: given.append(output))
    try:
        LayeredEncoder(encoder, None, traits=Traits())(batch)
    finally:
        hook.remove()
    return len(given[0]) if isinstance(given[0], tuple) else 0


def _same_apart(encoder: nn.Module, traits: Traits, frozen: int, batch: Batch, whole: Tensor) -> bool:
    stack = stack_of(encoder)
    assert stack is not None
    layered = LayeredEncoder(encoder, len(stack.layers) - frozen, traits=traits).eval()
    if layered.kept_below is None:
        return False
    hidden = layered.prefix(batch)
    real = batch.mask.bool()
    # At padding, kept states are zeros.
    apart = layered.top(hidden * batch.mask[..., None], batch)
    return hidden.shape == whole.shape and _same(apart[real], whole[real])


def _same(one: Tensor, other: Tensor) -> bool:
    scale = float(other.abs().max())
    return one.shape == other.shape and float((one - other).abs().max()) <= TOLERANCE * max(scale, 1e-6)


@contextmanager
def _untouched(encoder: nn.Module) -> Iterator[None]:
    training = encoder.training
    trained = [(parameter, parameter.requires_grad) for parameter in encoder.parameters()]
    encoder.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        encoder.train(training)
        for parameter, before in trained:
            parameter.requires_grad_(before)
