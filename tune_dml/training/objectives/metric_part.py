"""The metric loss of an objective, and the projection that vectors go through before it."""

from __future__ import annotations

from torch import nn

from tune_dml.losses import LOSSES
from tune_dml.recipe import Configuration
from tune_dml.recipe.ingredients.projection import make_projection
from tune_dml.training.model import Model


def compared_width(config: Configuration, model: Model) -> int:
    """Of the vectors that the metric loss sees."""
    projected = config.of("projection")
    return model.width if projected["kind"] == "none" else int(projected["size"])


def metric_part(config: Configuration, model: Model, classes: int) -> tuple[nn.Module | None, nn.Module | None]:
    """Both; ``None`` for what the recipe has not. The order in which they are built decides about their random
    numbers."""
    build = LOSSES[config.loss].build
    if build is None:
        return None, None
    size = compared_width(config, model)
    loss = build(classes, size, config.loss_params).to(model.device)
    projection = make_projection(config.of("projection")["kind"], model.width, size)
    return loss, None if projection is None else projection.to(model.device)
