"""The heart: one configuration trained on one set of labelled texts, then read out on others. Plain PyTorch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tune_dml.config import Configuration, Probabilities
from tune_dml.data import stratified_rows
from tune_dml.errors import TrainingFailure
from tune_dml.losses import LOSSES, check
from tune_dml.models.embedding import embed
from tune_dml.models.encoder import EncoderBundle, build_encoder
from tune_dml.models.head import ClassificationHead, make_projection
from tune_dml.models.kept import KeptStates, kept_states
from tune_dml.models.precision import autocast, own_kernels
from tune_dml.models.prefix import LayeredEncoder, reinitialise
from tune_dml.models.readouts import FittedReadout, Trained, class_probabilities, fit_readouts
from tune_dml.models.representation import after_mask, combined, examples, pool, prepared, width
from tune_dml.models.tokens import TokenArrays
from tune_dml.training.collapse import check_collapse
from tune_dml.training.failures import is_out_of_memory, training_failures
from tune_dml.training.inputs import TrainingInputs
from tune_dml.training.micro_batches import at_most, backward_in_parts, end_to_end, random_state, set_random_state
from tune_dml.training.optimization import learning_rate_factor, make_optimizer
from tune_dml.training.plateau import Plateau
from tune_dml.training.stratified import stratified_batches

#: Of the logistic read-out on embeddings that training has shaped. The frozen probe picks its own.
LOGISTIC_C = 10.0
#: Training texts that read-outs are fitted to at most, in proportion to the classes: their few numbers are well known
#: by then, and the time and memory of a round no longer grow with the training set.
READOUT_TEXTS = 10_000


@dataclass(frozen=True)
class Stage:
    """What training has reached after one of its parts.

    Attributes:
        probabilities: By scored set, then by read-out: float32 ``[n, classes]``.
        readouts: The fitted read-outs.
        diagnostics: ``train_loss`` (mean over the last epoch), ``zero_loss_share`` (share of the metric loss's batches
            that gave 0), ``steps``, ``seconds`` (since training began); ``micro_batch`` (texts at a time) where memory
            ran out with whole batches.
        encoder_state: The encoder's weights by name, where they were asked for.
    """

    probabilities: Mapping[str, Mapping[str, Probabilities]]
    readouts: Mapping[str, FittedReadout]
    diagnostics: Mapping[str, float]
    encoder_state: Mapping[str, npt.NDArray[np.float32]] | None = None


def fit(
    config: Configuration,
    encoder: EncoderBundle,
    tokens: TokenArrays,
    labels: npt.NDArray[np.int64],
    classes: int,
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
        tokens, labels: Training texts, and their classes (0 to ``classes`` - 1).
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
        run = _Run(
            _readable(check(config), encoder), encoder, tokens, labels, classes, seed, torch.device(device), precision
        )
        for stage in range(1, stages + 1):
            run.train(until=round(run.steps * stage / stages))
            last = stage == stages
            yield run.stage(score, keep_encoder and last)


class _Run:
    def __init__(
        self,
        config: Configuration,
        bundle: EncoderBundle,
        tokens: TokenArrays,
        labels: npt.NDArray[np.int64],
        classes: int,
        seed: int,
        device: torch.device,
        precision: str,
    ) -> None:
        self.config, self.classes, self.device, self.precision = config, classes, device, precision
        self.labels = labels
        self.generator = np.random.default_rng(seed)
        bundle = bundle.up_to(config.layer)
        encoder = build_encoder(bundle, config.dropout)
        # Not before: the first encoder that a process builds draws random numbers.
        torch.manual_seed(seed)
        trained = config.trainable_layers
        if config.reinit_layers and config.epochs:
            reinitialise(encoder, config.reinit_layers if trained is None else min(config.reinit_layers, trained))
        averaged = config.averaged_layers
        self.encoder = LayeredEncoder(encoder, trained, config.train_word_embeddings, averaged, bundle.facts.traits).to(
            device
        )
        spec = LOSSES[config.loss]
        dimension = width(bundle.dimension, config.pair_encoding)
        size = dimension if config.projection == "none" else config.projection_size
        self.keeps_projection = config.keep_projection and spec.build is not None and bool(self.config.epochs)
        self.head: ClassificationHead | None = None
        if config.beta_effective > 0:
            dropout = config.dropout if config.dropout is not None else 0.1
            read = size if self.keeps_projection else dimension
            self.head = ClassificationHead(config.head, read, classes, dropout).to(device)
        self.class_weights = _class_weights(config.class_weights, labels, classes, device)
        self.loss: nn.Module | None = None
        self.projection: nn.Module | None = None
        if spec.build is not None:
            self.loss = spec.build(classes, size, config.loss_params).to(device)
            projection = make_projection(config.projection, dimension, size)
            self.projection = None if projection is None else projection.to(device)
        self.encoder_name = bundle.sha256
        tokens = self._prepared(tokens)
        self.after_mask = after_mask(tokens)
        towers = config.pair_encoding == "towers"
        self.inputs = TrainingInputs(self.encoder, tokens, config.max_length, device, self._kept(tokens), towers)
        self.batches: list[npt.NDArray[np.int64]] = []
        self.steps = config.epochs * max(1, -(-len(labels) // config.batch_size))
        self.done = 0
        self.fitted_rows = rows_for_readouts(labels)
        self.losses: list[Tensor] = []
        self.zeros = 0
        self.plateau = Plateau(config.patience)
        # Texts at a time, once memory has run out with more.
        self.micro_batch: int | None = None
        if self.steps:
            heads = [module for module in (self.head, self.projection) if module is not None]
            self.optimizer = make_optimizer(config, self.encoder.encoder, heads, self.loss)
            self.peaks = [group["lr"] for group in self.optimizer.param_groups]
        # Not before: what a process does only once (imports, building its first encoder) says nothing of later runs.
        self.started = time.perf_counter()

    def train(self, until: int) -> None:
        self.encoder.train()
        while self.done < until and not self.plateau.reached():
            if not self.batches:
                self._end_epoch()
                if self.plateau.reached():
                    break
                self.batches = stratified_batches(self.labels, self.config.batch_size, self.generator)
            self._step(self.batches.pop(0))
            self.done += 1
        self._check_losses()

    def _end_epoch(self) -> None:
        self._check_losses()
        if self.losses and self.config.patience:
            self.plateau.add(float(torch.stack(self.losses).mean()))
        if not self.plateau.reached():
            self.losses = []

    def _step(self, rows: npt.NDArray[np.int64]) -> None:
        factor = learning_rate_factor(self.done, self.steps, self.config.warmup, self.config.schedule)
        for group, peak in zip(self.optimizer.param_groups, self.peaks, strict=True):
            group["lr"] = peak * factor
        self.optimizer.zero_grad(set_to_none=True)
        loss, zeros = self._backward(self.inputs.parts(rows))
        self.zeros += zeros
        self.losses.append(loss)
        trained = [p for group in self.optimizer.param_groups for p in group["params"] if p.grad is not None]
        if trained:
            if self.config.max_grad_norm:
                nn.utils.clip_grad_norm_(trained, self.config.max_grad_norm)
            self.optimizer.step()

    def _backward(self, parts: list[npt.NDArray[np.int64]]) -> tuple[Tensor, int]:
        """Leave a batch's gradients in the parameters; the loss, and whether the metric loss was 0. Where memory runs
        out, half as many texts at a time are tried, in this step and all that follow."""
        labels = torch.from_numpy(self.labels[np.concatenate(parts)]).to(self.device)
        numbers = random_state(self.device)
        while True:
            try:
                with own_kernels(self.device, self.precision):
                    return self._gradients(parts, labels)
            except (MemoryError, RuntimeError) as error:
                if self.micro_batch == 1 or not is_out_of_memory(error):
                    raise
            # After the handler, in which the error still holds what the attempt had allocated.
            self.micro_batch = max(1, min(self.micro_batch or len(labels), len(labels)) // 2)
            self.optimizer.zero_grad(set_to_none=True)
            set_random_state(self.device, numbers)
            if self.device.type == "cuda":
                torch.cuda.empty_cache()

    def _gradients(self, parts: list[npt.NDArray[np.int64]], labels: Tensor) -> tuple[Tensor, int]:
        zero = False

        def loss_of(hidden: Tensor, mask: Tensor) -> Tensor:
            nonlocal zero
            loss, zero = self._training_loss(hidden, mask, labels)
            return loss

        if self.micro_batch is not None:
            loss = backward_in_parts(at_most(parts, self.micro_batch), self._hidden, loss_of, self.device)
        else:
            # Around all parts, so that weights are cast once.
            with autocast(self.device, self.precision):
                states = [self.inputs.hidden(rows) for rows in parts]
            loss = loss_of(*end_to_end(states))
            if loss.requires_grad:
                loss.backward()
        return loss.detach(), int(zero)

    def _hidden(self, rows: npt.NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        with autocast(self.device, self.precision):
            return self.inputs.hidden(rows)

    def _training_loss(self, hidden: Tensor, mask: Tensor, labels: Tensor) -> tuple[Tensor, bool]:
        beta, zero, representation = self.config.beta_effective, False, self.config.representation
        total = hidden.new_zeros((), dtype=torch.float32)
        if self.head is not None:
            pooled = combined(pool(hidden, mask, representation, self.after_mask), self.config.pair_encoding)
            logits = self.head(self.projection(pooled) if self.projection and self.keeps_projection else pooled)
            total = total + beta * nn.functional.cross_entropy(
                logits, labels, weight=self.class_weights, label_smoothing=self.config.label_smoothing
            )
        if self.loss is not None and beta < 1.0:
            # In float32 and outside autocast: the losses recast their proxies to the embeddings' type.
            vectors, classes = examples(hidden, mask, labels, representation, self.after_mask)
            vectors = combined(vectors, self.config.pair_encoding)
            metric = self.loss(vectors if self.projection is None else self.projection(vectors), classes)
            zero = metric.detach().item() == 0.0
            total = total + (1.0 - beta) * metric
        return total, zero

    def _check_losses(self) -> None:
        if self.losses and not bool(torch.isfinite(torch.stack(self.losses)).all()):
            raise TrainingFailure("nan", f"the training loss was not finite by step {self.done} of {self.steps}")

    def stage(self, score: Mapping[str, TokenArrays], keep_encoder: bool) -> Stage:
        self.encoder.eval()
        config, rows = self.config, self.fitted_rows
        trained = Trained(
            config=config,
            classes=self.classes,
            embeddings=self._embed(self.inputs.of(rows)),
            labels=self.labels if rows is None else self.labels[rows],
            head_state=_state(self.head if self.steps else None),
            # Proxies of projected vectors say nothing of vectors that are not.
            loss_state=_state(self.loss if self.steps and (self.keeps_projection or not self.projection) else None),
            logistic_c=LOGISTIC_C if self.steps else None,
        )
        if not np.isfinite(trained.embeddings).all():
            raise TrainingFailure("nan", "the embeddings are not finite")
        fitted = fit_readouts(trained, _state(self.projection if self.keeps_projection else None))
        if self.steps:
            check_collapse(trained, fitted["logistic"])
        probabilities: dict[str, dict[str, Probabilities]] = {}
        for name, texts in score.items():
            vectors = self._embed(self._prepared(texts))
            probabilities[name] = {r: class_probabilities(f, vectors) for r, f in fitted.items()}
        diagnostics = {
            "train_loss": float(torch.stack(self.losses).mean()) if self.losses else 0.0,
            "zero_loss_share": self.zeros / self.done if self.done else 0.0,
            "steps": float(self.done),
            "seconds": time.perf_counter() - self.started,
        }
        if self.micro_batch is not None:
            diagnostics["micro_batch"] = float(self.micro_batch)
        state = _state(self.encoder.encoder) if keep_encoder else None
        return Stage(probabilities, fitted, diagnostics, state)

    def _embed(self, texts: TokenArrays) -> npt.NDArray[np.float32]:
        config, kept = self.config, self._kept(texts)
        return embed(
            self.encoder,
            texts,
            config.representation,
            config.max_length,
            self.device,
            self.precision,
            kept,
            config.pair_encoding,
        )

    def _prepared(self, texts: TokenArrays) -> TokenArrays:
        config = self.config
        return prepared(texts, config.representation, config.max_length, config.pair_encoding)

    def _kept(self, texts: TokenArrays) -> KeptStates | None:
        length = self.config.max_length
        return kept_states(self.encoder, self.encoder_name, texts, length, self.device, self.precision)


def _readable(config: Configuration, encoder: EncoderBundle) -> Configuration:
    """With no more tokens of a text than the encoder has positions for."""
    positions = encoder.positions
    return config if positions is None or config.max_length <= positions else replace(config, max_length=positions)


def _class_weights(kind: str, labels: npt.NDArray[np.int64], classes: int, device: torch.device) -> Tensor | None:
    """Of cross entropy: 1 for a class of average frequency, and for one that does not occur."""
    if kind == "equal":
        return None
    counts = np.bincount(labels, minlength=classes)
    weights = np.where(counts > 0, len(labels) / (classes * np.maximum(counts, 1)), 1.0)
    return torch.tensor(weights, dtype=torch.float32, device=device)


def rows_for_readouts(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64] | None:
    """The texts that read-outs are fitted to, sorted: about :data:`READOUT_TEXTS` of them, and one of every class at
    least; ``None``: all."""
    if len(labels) <= READOUT_TEXTS:
        return None
    # A row of every class, however rare.
    first = np.unique(labels, return_index=True)[1]
    return np.union1d(first, stratified_rows(labels, READOUT_TEXTS, (0,)))


def fit_once(
    config: Configuration,
    encoder: EncoderBundle,
    tokens: TokenArrays,
    labels: npt.NDArray[np.int64],
    classes: int,
    score: Mapping[str, TokenArrays],
    *,
    seed: int,
    keep_encoder: bool = False,
    device: str = "cpu",
    precision: str = "float32",
) -> Stage:
    """:func:`fit` in a single stage."""
    [stage] = fit(
        config, encoder, tokens, labels, classes, score,
        seed=seed, keep_encoder=keep_encoder, device=device, precision=precision,
    )  # fmt: skip
    return stage


def _state(module: nn.Module | None) -> dict[str, npt.NDArray[np.float32]]:
    return {} if module is None else {name: _array(tensor) for name, tensor in module.state_dict().items()}


def _array(tensor: Tensor) -> npt.NDArray[np.float32]:
    array: npt.NDArray[np.float32] = tensor.detach().float().cpu().numpy().copy()
    return array
