"""The heart: one configuration trained on one set of labelled texts, then read out on others. Plain PyTorch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import torch

from tune_dml.losses import check
from tune_dml.models.encoder import EncoderBundle
from tune_dml.models.tokens import TokenArrays
from tune_dml.recipe import INGREDIENTS, Configuration
from tune_dml.training.diagnostics import Diagnostics
from tune_dml.training.examples import Examples
from tune_dml.training.failures import training_failures
from tune_dml.training.gradients import Gradients
from tune_dml.training.inputs import input_of
from tune_dml.training.model import Model
from tune_dml.training.objectives import objective_of
from tune_dml.training.optimization import Optimization
from tune_dml.training.stage import Stage, read_out
from tune_dml.training.states import state_of
from tune_dml.training.stratified import stratified_batches


def fit(
    config: Configuration,
    encoder: EncoderBundle,
    data: Examples,
    score: Mapping[str, TokenArrays],
    *,
    seed: int,
    stages: int = 1,
    keep_encoder: bool = False,
    device: str = "cpu",
    precision: str = "float32",
) -> Iterator[Stage]:
    """Train and score.

    The same arguments give the same numbers on the same machine: all randomness comes from ``seed``, and the caller's
    thread count is the only other thing that matters (workers use one).

    Args:
        data: What is learnt from.
        score: Sets of texts to give class probabilities for.
        stages: Scored after each of so many equal parts of the schedule; 1 scores at the end only.
        keep_encoder: Whether the last stage carries the encoder's weights.
        precision: ``float32`` or ``bfloat16``, of the encoder's forward passes.

    Yields:
        One :class:`Stage` per part, in order.

    Raises:
        TrainingFailure: the loss is no longer finite, memory ran out even with one text at a time, or every training
            text gets the same vector or class.
        ConfigurationError: the configuration cannot be had with this encoder or loss.
    """
    with training_failures():
        run = _Run(check(config), encoder, data, seed, torch.device(device), precision)
        for stage in range(1, stages + 1):
            run.train(until=round(run.steps * stage / stages))
            yield run.stage(score, keep_encoder and stage == stages)


def fit_once(
    config: Configuration,
    encoder: EncoderBundle,
    data: Examples,
    score: Mapping[str, TokenArrays],
    *,
    seed: int,
    keep_encoder: bool = False,
    device: str = "cpu",
    precision: str = "float32",
) -> Stage:
    """:func:`fit` in a single stage."""
    [stage] = fit(
        config, encoder, data, score, seed=seed, keep_encoder=keep_encoder, device=device, precision=precision
    )
    return stage


class _Run:
    def __init__(
        self,
        config: Configuration,
        encoder: EncoderBundle,
        data: Examples,
        seed: int,
        device: torch.device,
        precision: str,
    ) -> None:
        self.data, self.generator = data, np.random.default_rng(seed)
        self.strata, self.copies = data.strata, data.copies
        self.model = Model(config, encoder, seed, device, precision)
        self.config = config = self.model.config
        self.objective = objective = objective_of(self.model, data)
        self.inputs = input_of(self.model, data.tokens)
        self.gradients = Gradients(self.model, self.inputs, objective, data.targets)
        self.batches: list[npt.NDArray[np.int64]] = []
        self.steps = config.epochs * max(1, -(-len(data) // config.batch_size))
        self.noted = Diagnostics(objective.figures)
        hooks = [(INGREDIENTS[name].stops, values) for name, values in config.on().items()]
        self.stops = [stops(values) for stops, values in hooks if stops is not None]
        self.over = False
        if self.steps:
            trained = self.model.encoder.encoder, objective.heads, objective.loss
            self.optimization = Optimization(config, *trained, self.steps)
        # Not before: what a process does only once (imports, building its first encoder) says nothing of later runs.
        self.started = time.perf_counter()

    def train(self, until: int) -> None:
        self.model.encoder.train()
        while self.noted.steps < until and not self.over:
            if not self.batches:
                if self._end_epoch():
                    break
                size = self.config.batch_size
                self.batches = stratified_batches(self.strata, size, self.generator, self.copies)
            loss, figures = self.gradients.of(self.batches.pop(0), self.optimization.optimizer)
            self.optimization.step(self.noted.steps)
            self.noted.add(loss, figures)
        self.noted.check(self.steps)

    def _end_epoch(self) -> bool:
        """Whether training is over."""
        self.noted.check(self.steps)
        if self.stops and (mean := self.noted.mean_loss) is not None:
            self.over = any([stop(mean) for stop in self.stops])
        if not self.over:
            self.noted.begin_epoch()
        return self.over

    def stage(self, score: Mapping[str, TokenArrays], keep_encoder: bool) -> Stage:
        self.model.encoder.eval()
        trained = bool(self.steps)
        readouts, probabilities = read_out(self.model, self.inputs, self.objective, self.data, score, trained)
        diagnostics = {
            "train_loss": self.noted.mean_loss or 0.0,
            **self.noted.figures(),
            "steps": float(self.noted.steps),
            "seconds": time.perf_counter() - self.started,
        }
        if self.gradients.micro_batch is not None:
            diagnostics["micro_batch"] = float(self.gradients.micro_batch)
        state = state_of(self.model.encoder.encoder) if keep_encoder else None
        return Stage(probabilities, readouts, diagnostics, state)
