"""The arithmetic of a round in plain PyTorch: what a fine-tuning script would hold, without any harness."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from tune_dml.losses import LOSSES
from tune_dml.models.encoder import build_encoder
from tune_dml.models.precision import autocast
from tune_dml.recipe import Configuration
from tune_dml.training.optimization import learning_rate_factor, make_optimizer
from tune_dml.training.workload import Workload

_CPU = torch.device("cpu")


def one_round(workload: Workload, config: Configuration, number: int) -> float:
    """Train on fold ``number``'s training part, return the accuracy on its held-out part (logistic regression on the
    mean over tokens). Nothing is cached and nothing is read out but that."""
    torch.manual_seed(number)
    rng = np.random.default_rng(number)
    fold, labels = workload.folds[number - 1], torch.from_numpy(workload.labels)
    encoder = build_encoder(workload.encoder, config.dropout)
    _freeze(encoder, config.trainable_layers)
    dimension = workload.encoder.dimension
    head = torch.nn.Linear(dimension, workload.outputs) if config.beta_effective else None
    build = LOSSES[config.loss].build
    metric = build(workload.outputs, dimension, config.loss_params) if build else None
    steps = config.epochs * max(1, -(-len(fold.train) // config.batch_size))
    if steps:
        optimizer = make_optimizer(config, encoder, [] if head is None else [head], metric)
        peaks = [group["lr"] for group in optimizer.param_groups]
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
    encoder.train()
    step = 0
    while step < steps:
        for rows in np.array_split(rng.permutation(fold.train), steps // config.epochs):
            factor = learning_rate_factor(step, steps, config.warmup, config.schedule)
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * factor
            pooled = _pooled(encoder, workload, config, rows)
            loss = torch.zeros(())
            if head is not None:
                dropped = torch.nn.functional.dropout(pooled, 0.1)
                loss = config.beta_effective * torch.nn.functional.cross_entropy(head(dropped), labels[rows])
            if metric is not None and config.beta_effective < 1:
                loss = loss + (1 - config.beta_effective) * metric(pooled, labels[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            step += 1
    encoder.eval()
    with torch.no_grad():
        train, heldout = (_unit(_pooled(encoder, workload, config, rows)) for rows in (fold.train, fold.heldout))
    readout = LogisticRegression(C=10.0, max_iter=1000).fit(train, workload.labels[fold.train])
    return float(readout.score(heldout, workload.labels[fold.heldout]))


def seconds_side_by_side(workload: Workload, configs: Sequence[Configuration], rounds: int, slots: int) -> float:
    """Wall seconds of ``rounds`` rounds of each configuration in ``slots`` processes of one thread each, which take the
    next configuration when they are done with one. Starting them is not counted."""
    context = multiprocessing.get_context("spawn")
    queue: Any = context.Queue()
    for config in sorted(configs, key=lambda c: -c.epochs):
        queue.put(config)
    for _ in range(slots):
        queue.put(None)
    ready = context.Barrier(slots + 1)
    processes = [context.Process(target=_work, args=(workload, rounds, queue, ready)) for _ in range(slots)]
    for process in processes:
        process.start()
    ready.wait()
    begun = time.perf_counter()
    for process in processes:
        process.join()
        if process.exitcode:
            raise RuntimeError(f"a plain loop ended with exit code {process.exitcode}")
    return time.perf_counter() - begun


def _work(workload: Workload, rounds: int, queue: Any, ready: Any) -> None:
    from tune_dml.training.workload import single_thread

    single_thread()
    build_encoder(workload.encoder)
    ready.wait()
    while (config := queue.get()) is not None:
        for number in range(1, rounds + 1):
            one_round(workload, config, number)


def _freeze(encoder: Any, trainable_layers: int | None) -> None:
    encoder.embeddings.word_embeddings.requires_grad_(False)
    layers = encoder.encoder.layer
    if trainable_layers is not None and trainable_layers < len(layers):
        encoder.embeddings.requires_grad_(False)
        layers[: len(layers) - trainable_layers].requires_grad_(False)


def _pooled(encoder: Any, workload: Workload, config: Configuration, rows: np.ndarray[Any, Any]) -> torch.Tensor:
    batch = workload.tokens.batch(rows, _CPU, config.max_length)
    with autocast(_CPU, workload.precision):
        hidden = encoder(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
    mask = batch.mask[..., None].float()
    return (hidden.float() * mask).sum(1) / mask.sum(1)


def _unit(vectors: torch.Tensor) -> np.ndarray[Any, Any]:
    return torch.nn.functional.normalize(vectors).numpy()
