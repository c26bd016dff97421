"""Masked-LM steps on texts without labels (Devlin et al. 2019, arXiv 1810.04805), before anything else is trained."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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
    unfinished: Path | None = None,
    every: float = 30.0,
) -> None:
    """Train in place: batches of 32 texts, 15% of their tokens masked, AdamW at 5e-5 with 10% warm-up and linear decay.
    A new head learns at 1e-3.

    Args:
        tokens: Of the texts, at least a batch.
        told: Gets the number of steps done and the mean loss since the last call, ten times.
        unfinished: A file that is written every so many seconds, and that a later call with the same arguments goes on
            from, with the same result.

    Raises:
        ModelError: the loss is no longer finite.
    """
    torch.manual_seed(seed)
    model: nn.Module = encoder.model.to(device).train()
    groups = [{"params": encoder.old, "lr": _LR}, {"params": encoder.new, "lr": _NEW_LR}]
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]], weight_decay=_WEIGHT_DECAY)
    peaks = [group["lr"] for group in optimizer.param_groups]
    losses: list[float] = []
    done = _begun(unfinished, model, optimizer)
    saved = time.monotonic()
    # A tokenizer may have more words than the encoder knows.
    known = min(len(tokenizer), encoder.vocabulary)
    for step, (given, places, words) in enumerate(_batches(tokens, tokenizer, known, steps, seed)):
        if step < done:
            continue
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
        if unfinished is not None and time.monotonic() - saved >= every:
            _save(unfinished, step + 1, model, optimizer)
            saved = time.monotonic()
    model.eval().to("cpu")


def steps_done(unfinished: Path) -> int:
    """Of what such a file holds; 0 where there is none that can be read."""
    return int(_read(unfinished).get("step", 0))


def _read(unfinished: Path | None) -> dict[str, Any]:
    if unfinished is None or not unfinished.is_file():
        return {}
    try:
        found = torch.load(unfinished, weights_only=True)
        return found if isinstance(found, dict) else {}
    except Exception:  # a damaged file raises whatever its reader meets first
        return {}


def _begun(unfinished: Path | None, model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """How many steps have been done; model, optimizer and random numbers are as they were after them."""
    found = _read(unfinished)
    if not found:
        return 0
    model.load_state_dict(found["model"])
    optimizer.load_state_dict(found["optimizer"])
    torch.set_rng_state(found["random"])
    if "cuda" in found and torch.cuda.is_available():
        torch.cuda.set_rng_state(found["cuda"])
    return int(found["step"])


def _save(unfinished: Path, step: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    state = {"step": step, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
    state["random"] = torch.get_rng_state()
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    temporary = unfinished.with_name(f"{unfinished.name}-{os.getpid()}")
    try:
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, temporary)
        os.replace(temporary, unfinished)
    except (OSError, RuntimeError):
        # A full disk, say: what is saved only saves time.
        temporary.unlink(missing_ok=True)


def _batches(
    tokens: TokenArrays, tokenizer: PreTrainedTokenizerBase, known: int, steps: int, seed: int
) -> Iterator[tuple[dict[str, Tensor], Tensor, Tensor]]:
    """What the model is given, where words are masked, and which; other words are of the first ``known``."""
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
        other = random.integers(0, known, size=len(words))
        kept = np.where(how < _AS_MASK + _AS_OTHER, other, words)
        ids[places] = np.where(how < _AS_MASK, tokenizer.mask_token_id, kept)
        given = {"input_ids": batch.ids, "attention_mask": batch.mask}
        if batch.types is not None:
            given["token_type_ids"] = batch.types
        yield given, torch.from_numpy(places), torch.from_numpy(words)
