"""What the rest of the system knows of a loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tune_dml.config import Domain, Value
from tune_dml.recipe import Hyperparameter

if TYPE_CHECKING:
    from torch import Tensor, nn


def positive(*names: str) -> Callable[[Mapping[str, Any]], list[str]]:
    """A :attr:`LossSpec.check` that refuses values of ``names`` that are not above 0 or not finite."""

    def check(params: Mapping[str, Any]) -> list[str]:
        return [
            f"{name} is {params[name]!r}; it must be a finite number above 0."
            for name in names
            if name in params and not 0 < params[name] < math.inf
        ]

    return check


def library_logits(module: nn.Module, embeddings: Tensor) -> Tensor:
    """A :attr:`LossSpec.logits`: pytorch-metric-learning's, where they are the loss's class logits as they are."""
    scores: Tensor = module.get_logits(embeddings)  # type: ignore[operator]
    return scores


@dataclass(frozen=True)
class LossSpec:
    """A metric-learning loss.

    Attributes:
        name: In configurations, spaces and tables.
        paper: Authors, year, arXiv number or venue.
        build: ``build(classes, dimension, params)`` gives a module that is called with embeddings
            ``[n, dimension]`` (float32) and labels ``[n]`` (int64, 0 to classes - 1) and returns a scalar.
            ``None`` for cross entropy and squared error, which are the head's own.
        hyperparameters: Its own, by name.
        owns_parameters: Whether it has proxies, centers or class weights to train (with ``loss_lr``).
        needs_positives: Whether a batch without two examples of a class teaches it nothing.
        needs_negatives: Whether a batch of a single class teaches it nothing.
        logits: For losses with proxies, ``logits(module, embeddings)`` gives class logits ``[n, classes]``.
        check: Gives a sentence, begun with the hyperparameter's name, for each value that cannot work.
    """

    name: str
    paper: str
    build: Callable[[int, int, Mapping[str, Any]], nn.Module] | None
    hyperparameters: Mapping[str, Hyperparameter] = field(default_factory=dict)
    owns_parameters: bool = False
    needs_positives: bool = False
    needs_negatives: bool = False
    logits: Callable[[nn.Module, Tensor], Tensor] | None = None
    check: Callable[[Mapping[str, Any]], list[str]] = lambda params: []

    @property
    def space(self) -> dict[str, Domain]:
        """The default search range of each of its hyperparameters."""
        return {name: h.domain for name, h in self.hyperparameters.items()}

    @property
    def defaults(self) -> dict[str, Value]:
        return {name: h.default for name, h in self.hyperparameters.items()}
