"""What a metric loss sees the embeddings through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tune_dml.config.domains import Choice, Int
from tune_dml.recipe.hyperparameter import Hyperparameter
from tune_dml.recipe.ingredient import Ingredient

if TYPE_CHECKING:
    from torch import nn


def make_projection(kind: str, dimension: int, size: int) -> nn.Module | None:
    """What maps embeddings ``[n, dimension]`` to the ``[n, size]`` that the metric loss sees; ``None`` for ``none``.

    ``linear``, or ``mlp`` with one hidden layer.
    """
    from torch import nn

    if kind == "none":
        return None
    if kind == "linear":
        return nn.Linear(dimension, size)
    return nn.Sequential(nn.Linear(dimension, dimension), nn.ReLU(), nn.Linear(dimension, size))


SPEC = Ingredient(
    name="projection",
    description="what the metric loss sees the embeddings through",
    hyperparameters={
        "kind": Hyperparameter(
            "none",
            Choice(("none", "linear", "mlp")),
            "mlp: one hidden layer (Khosla et al. 2020, arXiv 2004.11362)",
        ),
        "size": Hyperparameter(128, Int(2, 65_536), "dimensions of what it gives; paper: 128"),
        "keep": Hyperparameter(
            False, Choice((False, True)), "whether heads and read-outs see it too; else it is dropped after training"
        ),
    },
    switch="kind",
    flat={"kind": "projection", "size": "projection_size", "keep": "keep_projection"},
)
