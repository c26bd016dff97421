"""Classes: beta * cross entropy + (1 - beta) * metric loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from tune_dml.losses import LOSSES
from tune_dml.models.head import ClassificationHead
from tune_dml.recipe import Configuration
from tune_dml.recipe.ingredients.class_weights import class_weights
from tune_dml.training.examples import Examples
from tune_dml.training.model import Model
from tune_dml.training.objectives.head_part import head_part
from tune_dml.training.objectives.metric_part import compared_width, metric_part
from tune_dml.training.objectives.objective import Seen, Values
from tune_dml.training.states import state_of


class Classification:
    """An :class:`tune_dml.training.objectives.objective.Objective` of texts with a class each.

    Its figure ``zero_loss_share``: of the steps, those in which the metric loss was 0.
    """

    figures = ("zero_loss_share",)

    def __init__(self, config: Configuration, model: Model, data: Examples) -> None:
        self._config = config
        spec = LOSSES[config.loss]
        projected = config.of("projection")
        self._keeps_projection = projected["keep"] and spec.build is not None and bool(config.epochs)
        # The order of what is built decides about its random numbers.
        self._head: ClassificationHead | None = None
        if config.beta_effective > 0:
            read = compared_width(config, model) if self._keeps_projection else model.width
            self._head = head_part(config, model, read, data.outputs)
        weights = config.of("class_weights")["kind"]
        self._class_weights = class_weights(weights, data.targets, data.outputs, model.device)
        self._smoothing = config.of("label_smoothing")["share"]
        self.loss, self._projection = metric_part(config, model, data.outputs)

    @property
    def heads(self) -> Sequence[nn.Module]:
        return [module for module in (self._head, self._projection) if module is not None]

    def __call__(self, batch: Seen) -> tuple[Tensor, Mapping[str, float]]:
        """Both parts, each in float32."""
        beta, zero = self._config.beta_effective, False
        total = torch.zeros((), dtype=torch.float32, device=batch.targets.device)
        if self._head is not None:
            vectors = batch.vectors()
            logits = self._head(self._projection(vectors) if self._projection and self._keeps_projection else vectors)
            total = total + beta * nn.functional.cross_entropy(
                logits, batch.targets, weight=self._class_weights, label_smoothing=self._smoothing
            )
        if self.loss is not None and beta < 1.0:
            # In float32 and outside autocast: the losses recast their proxies to the embeddings' type.
            vectors, classes = batch.examples()
            metric = self.loss(vectors if self._projection is None else self._projection(vectors), classes)
            zero = metric.detach().item() == 0.0
            total = total + (1.0 - beta) * metric
        return total, {"zero_loss_share": float(zero)}

    def head_state(self) -> Values:
        return state_of(self._head)

    def loss_state(self) -> Values:
        # Proxies of projected vectors say nothing of vectors that are not.
        return state_of(self.loss if self._keeps_projection or not self._projection else None)

    def projection_state(self) -> Values:
        return state_of(self._projection if self._keeps_projection else None)
