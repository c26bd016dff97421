"""The gradients of a batch, whatever memory there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tune_dml.models.precision import autocast, own_kernels
from tune_dml.recipe import INGREDIENTS
from tune_dml.training.failures import is_out_of_memory
from tune_dml.training.inputs import Input
from tune_dml.training.micro_batches import at_most, backward_in_parts, end_to_end, random_state, set_random_state
from tune_dml.training.model import Model
from tune_dml.training.objectives import Objective, Seen

Rows = npt.NDArray[np.int64]


class Gradients:
    """Leaves the gradients of batches in the parameters.

    Attributes:
        micro_batch: Texts at a time, once memory has run out with more; ``None``: all.
    """

    def __init__(self, model: Model, inputs: Input, objective: Objective, targets: npt.NDArray[Any]) -> None:
        self._model, self._inputs, self._objective, self._targets = model, inputs, objective, targets
        self.micro_batch: int | None = None
        hooks = [(INGREDIENTS[name].on_hidden, values) for name, values in model.config.on().items()]
        self._changes = [(change, values) for change, values in hooks if change is not None]

    def of(self, rows: Rows, optimizer: torch.optim.Optimizer) -> tuple[Tensor, Mapping[str, float]]:
        """The loss of the batch at ``rows``, and the objective's figures. Where memory runs out, half as many texts at
        a time are tried, in this step and all that follow."""
        device, precision = self._model.device, self._model.precision
        optimizer.zero_grad(set_to_none=True)
        parts = self._inputs.parts(rows)
        targets = torch.from_numpy(self._targets[np.concatenate(parts)]).to(device)
        numbers = random_state(device)
        while True:
            try:
                with own_kernels(device, precision):
                    return self._backward(parts, targets)
            except (MemoryError, RuntimeError) as error:
                if self.micro_batch == 1 or not is_out_of_memory(error):
                    raise
            # After the handler, in which the error still holds what the attempt had allocated.
            self.micro_batch = max(1, min(self.micro_batch or len(targets), len(targets)) // 2)
            optimizer.zero_grad(set_to_none=True)
            set_random_state(device, numbers)
            if device.type == "cuda":
                torch.cuda.empty_cache()

    def _backward(self, parts: list[Rows], targets: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        inputs, model = self._inputs, self._model
        figures: Mapping[str, float] = {}

        def loss_of(hidden: Tensor, mask: Tensor) -> Tensor:
            nonlocal figures
            for change, values in self._changes:
                hidden = change(values, hidden, mask)
            seen = Seen(lambda: inputs.vectors(hidden, mask), lambda: inputs.examples(hidden, mask, targets), targets)
            loss, figures = self._objective(seen)
            return loss

        if self.micro_batch is not None:
            loss = backward_in_parts(at_most(parts, self.micro_batch), self._hidden, loss_of, model.device)
        else:
            # Around all parts, so that weights are cast once.
            with autocast(model.device, model.precision):
                states = [inputs.hidden(rows) for rows in parts]
            loss = loss_of(*end_to_end(states))
            if loss.requires_grad:
                loss.backward()
        return loss.detach(), figures

    def _hidden(self, rows: Rows) -> tuple[Tensor, Tensor]:
        with autocast(self._model.device, self._model.precision):
            return self._inputs.hidden(rows)
