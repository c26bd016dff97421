"""Masked-LM steps on texts without labels (Devlin et al. 2019, arXiv 1810.04805), before anything else is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from tune_dml.errors import ModelError
from tune_dml.models.masked_lm import MaskedLM
from tune_dml.models.tokens import TokenArrays
from tune_dml.training.optimization import learning_rate_factor

BATCH_SIZE = 32
#: Of what the checkpoint has, and of a head that begins at random.
_LR, _NEW_LR = 5e-5, 1e-3
_WEIGHT_DECAY, _WARMUP, _MAX_NORM = 0.01, 0.1, 1.0
#: Share of tokens, and of these what stands in their place: the mask token, any other, or they themselves.
_MASKED, _AS_MASK, _AS_OTHER = 0.15, 0.8, 0.1
#: Told this often.
_PARTS = 10


def learn_words(
    encoder: MaskedLM,
    tokens: TokenArrays,
    tokenizer: PreTrainedTokenizerBase,
    *,
    steps: int,
    seed: int,
    device: str = "cpu",
    told: Callable[[int, float], None] = lambda step, loss: None,
) -> None:
    """Train in place: batches of 32 texts, 15% of their tokens masked, AdamW at 5e-5 with 10% warm-up and linear decay.
    A new head learns at 1e-3.

    Args:
        tokens: Of the texts, at least a batch.
        told: Gets the number of steps done and the mean loss since the last call, ten times.

    Raises:
        ModelError: the loss is no longer finite.
    """
    torch.manual_seed(seed)
    model: nn.Module = encoder.model.to(device).train()
    groups = [{"params": encoder.old, "lr": _LR}, {"params": encoder.new, "lr": _NEW_LR}]
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]], weight_decay=_WEIGHT_DECAY)
    peaks = [group["lr"] for group in optimizer.param_groups]
    losses: list[float] = []
    for step, (given, places, words) in enumerate(_batches(tokens, tokenizer, steps, seed)):
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * learning_rate_factor(step, steps, _WARMUP, "linear")
        said = encoder.words({name: tensor.to(device) for name, tensor in given.items()}, places.to(device))
        loss = nn.functional.cross_entropy(said, words.to(device))
        losses.append(loss.item())
        if not np.isfinite(losses[-1]):
            raise ModelError(f"The masked-LM loss is no longer finite after {step} steps.")
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), _MAX_NORM)
        optimizer.step()
        if (step + 1) * _PARTS // steps > step * _PARTS // steps:
            told(step + 1, float(np.mean(losses)))
            losses.clear()
    model.eval().to("cpu")


def _batches(
    tokens: TokenArrays, tokenizer: PreTrainedTokenizerBase, steps: int, seed: int
) -> Iterator[tuple[dict[str, Tensor], Tensor, Tensor]]:
    """What the model is given, where words are masked, and which."""
    random, order = np.random.default_rng(seed), np.zeros(0, dtype=np.int64)
    special = np.array(sorted(set(tokenizer.all_special_ids)), dtype=np.int32)
    assert tokenizer.mask_token_id is not None
    for _ in range(steps):
        if len(order) < BATCH_SIZE:
            order = np.concatenate([order, random.permutation(len(tokens))])
        batch = tokens.batch(order[:BATCH_SIZE], torch.device("cpu"))
        order = order[BATCH_SIZE:]
        ids = batch.ids.numpy()
        usual = (batch.mask.numpy() == 1) & ~np.isin(ids, special)
        places = usual & (random.random(ids.shape) < _MASKED)
        if not places.any():
            # Texts of hardly a token each.
            places[:, 0] = True
        words, how = ids[places], random.random(int(places.sum()))
        other = random.integers(0, len(tokenizer), size=len(words))
        kept = np.where(how < _AS_MASK + _AS_OTHER, other, words)
        ids[places] = np.where(how < _AS_MASK, tokenizer.mask_token_id, kept)
        given = {"input_ids": batch.ids, "attention_mask": batch.mask}
        if batch.types is not None:
            given["token_type_ids"] = batch.types
        yield given, torch.from_numpy(places), torch.from_numpy(words)
