"""Gradients of a whole batch with memory for a part of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

Rows = npt.NDArray[np.int64]
#: Hidden states ``[texts, tokens, dimension]`` and the mask ``[texts, tokens]`` of the texts at some rows.
HiddenOf = Callable[[Rows], tuple[Tensor, Tensor]]
LossOf = Callable[[Tensor, Tensor], Tensor]


def backward_in_parts(parts: Sequence[Rows], hidden_of: HiddenOf, loss_of: LossOf, device: torch.device) -> Tensor:
    """Leave the gradients of a whole batch's loss in the parameters, holding the activations of one part only.

    The states of all parts are computed first without their graphs; the loss gives the gradient of each state; then
    every part runs again, with the same random numbers, and passes its share on to the encoder. So a loss that compares
    the texts of a batch with one another still sees the whole batch (Gao et al. 2021, arXiv 2101.06983). It costs one
    more forward pass.

    Returns:
        The loss; where it depends on nothing that is trained, there are no gradients.
    """
    random = []
    states = []
    with torch.no_grad():
        for rows in parts:
            random.append(random_state(device))
            states.append(hidden_of(rows))
    hidden, mask = end_to_end(states)
    hidden.requires_grad_()
    loss = loss_of(hidden, mask)
    if loss.requires_grad:
        loss.backward()
    if hidden.grad is None:
        return loss
    start = 0
    with _random_numbers_kept(device):
        for rows, numbers in zip(parts, random, strict=True):
            set_random_state(device, numbers)
            part, _ = hidden_of(rows)
            if part.requires_grad:
                part.backward(hidden.grad[start : start + len(part), : part.shape[1]].to(part.dtype))
            start += len(part)
    return loss


def end_to_end(parts: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """States and masks of several parts as those of one batch, padded to the longest."""
    if len(parts) == 1:
        return parts[0]
    width = max(mask.shape[1] for _, mask in parts)
    return (
        torch.cat([nn.functional.pad(states, (0, 0, 0, width - states.shape[1])) for states, _ in parts]),
        torch.cat([nn.functional.pad(mask, (0, width - mask.shape[1])) for _, mask in parts]),
    )


def at_most(parts: Sequence[Rows], size: int) -> list[Rows]:
    """The same rows in the same order, in parts of at most ``size``."""
    return [rows[start : start + size] for rows in parts for start in range(0, len(rows), size)]


def random_state(device: torch.device) -> tuple[Tensor, Tensor | None]:
    """Of the generators that dropout on ``device`` draws from."""
    return torch.get_rng_state(), torch.cuda.get_rng_state(device) if device.type == "cuda" else None


def set_random_state(device: torch.device, state: tuple[Tensor, Tensor | None]) -> None:
    """The inverse of :func:`random_state`."""
    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1], device)


@contextmanager
def _random_numbers_kept(device: torch.device) -> Iterator[None]:
    state = random_state(device)
    try:
        yield
    finally:
        set_random_state(device, state)
