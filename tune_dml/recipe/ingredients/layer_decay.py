"""Learning rates that fall from layer to layer (Howard and Ruder 2018, arXiv 1801.06146)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tune_dml.config.domains import Float
from tune_dml.errors import ConfigurationError
from tune_dml.recipe.hyperparameter import Hyperparameter
from tune_dml.recipe.ingredient import Ingredient, Values

if TYPE_CHECKING:
    from torch import nn


def _by_depth(
    values: Values, encoder: nn.Module, layers: Sequence[nn.Module] | None
) -> list[tuple[float, list[nn.Parameter]]]:
    """1 for the top layer and what is above it, less for each layer below."""
    from torch import nn

    decay = float(values["factor"])
    if layers is None:
        raise ConfigurationError("The layers of this encoder cannot be told apart; set layer_decay to 1.")
    within = [list(layer.parameters()) for layer in layers]
    inside = {id(p) for parameters in within for p in parameters}
    before = getattr(encoder, "embeddings", None)
    embeddings = [module for module in encoder.modules() if isinstance(module, nn.Embedding)]
    tables = [before] if isinstance(before, nn.Module) else embeddings
    below = {id(p) for table in tables for p in table.parameters()} - inside
    rest = [p for p in encoder.parameters() if id(p) not in inside]
    groups = [(decay ** (len(within) - 1 - depth), parameters) for depth, parameters in enumerate(within)]
    groups.append((decay ** len(within), [p for p in rest if id(p) in below]))
    groups.append((1.0, [p for p in rest if id(p) not in below]))
    return groups


SPEC = Ingredient(
    name="layer_decay",
    description="learning rates that fall from layer to layer",
    hyperparameters={
        "factor": Hyperparameter(
            1.0,
            Float(0.01, 1.0),
            "of the learning rate, from each layer to the one below it (Howard and Ruder 2018, arXiv 1801.06146)",
        )
    },
    switch="factor",
    flat={"factor": "layer_decay"},
    learning_rates=_by_depth,
)
