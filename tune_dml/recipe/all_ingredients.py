"""Every ingredient by name, and the names by which configurations and samplers know hyperparameters."""

from __future__ import annotations

import re

from tune_dml.config.domains import Domain
from tune_dml.recipe.core import CORE
from tune_dml.recipe.hyperparameter import Hyperparameter
from tune_dml.recipe.ingredient import Ingredient
from tune_dml.recipe.ingredients import (
    class_weights,
    head_layers,
    label_smoothing,
    label_texts,
    layer_average,
    layer_choice,
    layer_decay,
    pairs,
    plateau,
    projection,
    prompts,
    reinitialisation,
)

INGREDIENTS: dict[str, Ingredient] = {
    module.SPEC.name: module.SPEC
    for module in (
        pairs, head_layers, projection, layer_choice, layer_average, label_smoothing, class_weights, layer_decay,
        reinitialisation, plateau, label_texts, prompts,
    )
}  # fmt: skip

#: In the order in which configurations are written; those of other ingredients follow where they are on.
ORDER = (
    "loss", "beta", "representation", "pair_encoding", "readout", "temperature", "head", "projection",
    "projection_size", "keep_projection", "lr", "head_lr", "loss_lr", "weight_decay", "warmup", "schedule", "epochs",
    "batch_size", "max_length", "dropout", "layer", "averaged_layers", "trainable_layers", "train_word_embeddings",
    "label_smoothing", "class_weights", "max_grad_norm", "layer_decay", "reinit_layers", "patience",
)  # fmt: skip


#: What cannot be the name of an ingredient or of a loss, beside those of hyperparameters.
RESERVED = frozenset({"loss", "include", "first", "when", "for", "all", "none"})
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def name_problems(name: str, whose: str) -> list[str]:
    """Sentences on a name that an ingredient or a loss of another package (``whose``) cannot have."""
    if _NAME.fullmatch(name) and name not in RESERVED and name not in hyperparameters():
        return []
    return [f"'{name}' cannot be {whose}'s name; take lower-case letters, digits and underscores."]


def add_ingredient(spec: Ingredient) -> list[str]:
    """Make an ingredient of another package known in this process; sentences on what is wrong with it instead."""
    if INGREDIENTS.get(spec.name) is spec:
        return []
    problems = name_problems(spec.name, "an ingredient")
    if spec.name in INGREDIENTS:
        problems.append(f"there is an ingredient '{spec.name}' already.")
    if spec.switch not in spec.hyperparameters:
        problems.append(f"its switch '{spec.switch}' is none of its hyperparameters.")
    if spec.flat:
        problems.append("names without a group are for what was there before groups.")
    for name, value in spec.hyperparameters.items():
        if not value.domain.contains(value.default) and not (value.optional and value.default is None):
            problems.append(f"the default of '{name}' is not {value.domain}.")
    if not problems:
        INGREDIENTS[spec.name] = spec
    return problems


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
