"""Every loss by name, and the check that needs to know them all."""

from __future__ import annotations

import sys
from dataclasses import replace

from tune_dml.config import Choice, Int, Value
from tune_dml.errors import ConfigurationError, nearest
from tune_dml.losses import (
    arcface,
    ce,
    circle,
    contrastive,
    cosface,
    lifted_structure,
    margin,
    mse,
    multi_similarity,
    nca,
    normalized_softmax,
    npairs,
    ntxent,
    proxy_anchor,
    proxy_nca,
    softtriple,
    subcenter_arcface,
    supcon,
    triplet,
    tuplet_margin,
)
from tune_dml.losses.loss_spec import LossSpec
from tune_dml.recipe import Configuration, Hyperparameter

#: Cross entropy first, and what stands for it where labels are numbers; then losses with parameters of their own, then
#: those over pairs and triplets of a batch.
LOSSES: dict[str, LossSpec] = {
    module.SPEC.name: module.SPEC
    for module in (
        ce, mse, softtriple, proxy_anchor, proxy_nca, normalized_softmax, cosface, arcface, subcenter_arcface, margin,
        supcon, ntxent, npairs, triplet, contrastive, multi_similarity, circle, lifted_structure, tuplet_margin, nca,
    )
}  # fmt: skip


def loss_named(name: str) -> LossSpec:
    """The spec of a loss.

    Raises:
        ConfigurationError: there is none of that name.
    """
    if name not in LOSSES:
        raise ConfigurationError(f"'{name}' is not a loss: {nearest(name, LOSSES)}")
    return LOSSES[name]


def check(config: Configuration) -> Configuration:
    """``config`` with the loss's defaults filled in.

    Raises:
        ConfigurationError: unknown loss, a hyperparameter that the loss does not have, or a combination of
            values that it refuses.
    """
    spec = loss_named(config.loss)
    problems = []
    for name in config.loss_params:
        if name not in spec.hyperparameters:
            hint = nearest(name, spec.hyperparameters) if spec.hyperparameters else "it has none."
            problems.append(f"{spec.name} has no hyperparameter '{name}': {hint}")
    params = {**spec.defaults, **{k: v for k, v in config.loss_params.items() if v is not None}}
    for name, hyperparameter in spec.hyperparameters.items():
        params[name], problem = _checked(params[name], hyperparameter, f"{spec.name}/{name}")
        problems.extend(problem)
    if not problems:
        problems = [f"{spec.name}/{problem}" for problem in spec.check(params)]
    if problems:
        raise ConfigurationError(" ".join(problems))
    return replace(config, loss_params=params)


def _checked(value: Value, hyperparameter: Hyperparameter, name: str) -> tuple[Value, list[str]]:
    """``value`` as the kind of value that the hyperparameter is, and what is wrong with it."""
    if isinstance(hyperparameter.domain, Choice):
        ok = hyperparameter.domain.contains(value)
        return value, [] if ok else [f"{name} is {value!r}; it must be {hyperparameter.domain}."]
    if isinstance(value, str | bool) or not isinstance(value, int | float):
        return value, [f"{name} must be a number, not {value!r}."]
    if not -sys.float_info.max <= value <= sys.float_info.max:
        return value, [f"{name} must be finite, not {value!r}."]
    whole = isinstance(hyperparameter.domain, Int)
    if whole and value != int(value):
        return value, [f"{name} must be a whole number, not {value!r}."]
    return int(value) if whole else float(value), []
