"""Every ingredient by name, and the names by which configurations and samplers know hyperparameters."""

from __future__ import annotations

from tune_dml.config.domains import Domain
from tune_dml.recipe.core import CORE
from tune_dml.recipe.hyperparameter import Hyperparameter
from tune_dml.recipe.ingredient import Ingredient
from tune_dml.recipe.ingredients import (
    class_weights,
    head_layers,
    label_smoothing,
    layer_average,
    layer_choice,
    layer_decay,
    pairs,
    plateau,
    projection,
    reinitialisation,
)

INGREDIENTS: dict[str, Ingredient] = {
    module.SPEC.name: module.SPEC
    for module in (
        pairs, head_layers, projection, layer_choice, layer_average, label_smoothing, class_weights, layer_decay,
        reinitialisation, plateau,
    )
}  # fmt: skip

#: In the order in which configurations are written; those of other ingredients follow where they are on.
ORDER = (
    "loss", "beta", "representation", "pair_encoding", "readout", "temperature", "head", "projection",
    "projection_size", "keep_projection", "lr", "head_lr", "loss_lr", "weight_decay", "warmup", "schedule", "epochs",
    "batch_size", "max_length", "dropout", "layer", "averaged_layers", "trainable_layers", "train_word_embeddings",
    "label_smoothing", "class_weights", "max_grad_norm", "layer_decay", "reinit_layers", "patience",
)  # fmt: skip


def places() -> dict[str, tuple[str, str]]:
    """Ingredient and hyperparameter by the name that configurations have: ``{"projection_size": ("projection",
    "size")}``."""
    return {spec.name_of(inner): (spec.name, inner) for spec in INGREDIENTS.values() for inner in spec.hyperparameters}


def hyperparameters() -> dict[str, Hyperparameter]:
    """All but the losses' own, by the name that configurations have."""
    own = {spec.name_of(inner): found for spec in INGREDIENTS.values() for inner, found in spec.hyperparameters.items()}
    return {**CORE, **own}


def domains() -> dict[str, Domain]:
    """What each hyperparameter may be at all. A search space narrows it."""
    return {name: found.domain for name, found in hyperparameters().items()}


def canonical(name: str) -> str:
    """The name that configurations and samplers have for what a space may also call ``projection/size``."""
    group, slash, inner = name.partition("/")
    return INGREDIENTS[group].name_of(inner) if slash and group in INGREDIENTS else name
