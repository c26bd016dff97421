"""Every loss by name, and the check that needs to know them all."""

from __future__ import annotations

from tune_dml.config import Configuration
from tune_dml.errors import ConfigurationError, nearest
from tune_dml.losses import ce, npairs, proxy_anchor, proxy_nca, softtriple, supcon, triplet
from tune_dml.losses.spec import LossSpec

LOSSES: dict[str, LossSpec] = {
    module.SPEC.name: module.SPEC for module in (ce, softtriple, proxy_anchor, proxy_nca, supcon, triplet, npairs)
}


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
    problems = [
        f"{spec.name} has no hyperparameter '{name}': {nearest(name, spec.hyperparameters) if spec.hyperparameters else 'it has none.'}"
        for name in config.loss_params
        if name not in spec.hyperparameters
    ]
    params = {**spec.defaults, **{k: v for k, v in config.loss_params.items() if v is not None}}
    for name, value in params.items():
        if name in spec.hyperparameters and (isinstance(value, str | bool) or not isinstance(value, int | float)):
            problems.append(f"{spec.name}/{name} must be a number, not {value!r}.")
    if not problems:
        problems = spec.check(params)
    if problems:
        raise ConfigurationError(" ".join(problems))
    return Configuration(**{**config.__dict__, "loss_params": params})
