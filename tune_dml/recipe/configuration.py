"""One configuration: everything that decides how an encoder is fine-tuned, and nothing about data or seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from tune_dml.config.domains import Float, Int, Value
from tune_dml.errors import ConfigurationError, nearest
from tune_dml.recipe.all_ingredients import INGREDIENTS, ORDER, canonical, hyperparameters, places
from tune_dml.recipe.core import CORE, nearest_hyperparameter
from tune_dml.recipe.hyperparameter import Hyperparameter

Group = Mapping[str, Value]


@dataclass(frozen=True)
class Configuration:
    """A fine-tuning recipe. What each value means is said in :data:`tune_dml.recipe.core.CORE`.

    Attributes:
        loss: A name out of ``tune-dml losses``.
        loss_params: The loss's own hyperparameters; what is left out takes the loss's default.
        ingredients: Of each that is on, or set otherwise than by default, all its hyperparameters.
        encoder: What the search calls the one that is trained, where it has several. Training does not look at it.
    """

    loss: str = "ce"
    loss_params: Group = field(default_factory=dict)
    beta: float = 0.1
    representation: str = "mean"
    readout: str = "logistic"
    temperature: float = 1.0
    lr: float = 1e-4
    head_lr: float = 1e-3
    loss_lr: float = 1e-2
    weight_decay: float = 0.01
    warmup: float = 0.1
    schedule: str = "linear"
    epochs: int = 20
    batch_size: int = 16
    max_length: int = 128
    dropout: float | None = None
    trainable_layers: int | None = None
    train_word_embeddings: bool = False
    max_grad_norm: float = 1.0
    ingredients: Mapping[str, Group] = field(default_factory=dict)
    encoder: str | None = None

    @property
    def beta_effective(self) -> float:
        """Weight of the head's own loss in the training loss: 1 for ``ce`` and ``mse``, which are nothing else."""
        return 1.0 if self.loss in ("ce", "mse") else self.beta

    def of(self, ingredient: str) -> dict[str, Any]:
        """The hyperparameters of an ingredient, whether it is on or off."""
        return {**INGREDIENTS[ingredient].defaults, **self.ingredients.get(ingredient, {})}

    def on(self) -> dict[str, dict[str, Any]]:
        """The ingredients that are on, in the order of their names, with their hyperparameters."""
        found = {name: self.of(name) for name in sorted(self.ingredients)}
        return {name: values for name, values in found.items() if INGREDIENTS[name].is_on(values)}

    def to_dict(self) -> dict[str, Value]:
        """Flat, with the loss's own hyperparameters under its name: ``{"loss": "softtriple", "softtriple/la": 20}``."""
        flat: dict[str, Value] = {f.name: getattr(self, f.name) for f in fields(self) if f.name in ("loss", *CORE)}
        named: dict[str, Value] = {} if self.encoder is None else {"encoder": self.encoder}
        for name, spec in INGREDIENTS.items():
            if spec.flat or name in self.ingredients:
                flat |= {spec.name_of(inner): value for inner, value in self.of(name).items()}
        ordered = {name: flat.pop(name) for name in ORDER}
        return named | ordered | flat | {f"{self.loss}/{name}": value for name, value in self.loss_params.items()}

    def changed(self, **values: Value) -> Configuration:
        """The same but for these, named as in :meth:`to_dict`.

        Raises:
            ConfigurationError: there is no such name, or it cannot have this value.
        """
        return configuration_from({**self.to_dict(), **values})

    def with_readout(self, readout: str) -> Configuration:
        return replace(self, readout=readout)


def configuration_from(values: Mapping[str, Any], where: str = "configuration") -> Configuration:
    """A :class:`Configuration` from flat (``softtriple/la``) or nested (``softtriple: {la: 20}``) values.

    Hyperparameters of losses other than the chosen one are dropped. Whether the loss exists and knows its
    hyperparameters is checked where losses are known (``tune_dml.losses.check``).

    Raises:
        ConfigurationError: every unknown name and out-of-range value, in one message.
    """
    known, of_ingredients = hyperparameters(), places()
    problems: list[str] = []
    top: dict[str, Any] = {}
    params: dict[str, Value] = {}
    groups: dict[str, dict[str, Value]] = {}
    flat = _flat(values)
    loss = flat.get("loss", "ce")
    for name, value in flat.items():
        group, slash, inner = name.partition("/")
        if name in ("loss", "encoder"):
            if not isinstance(value, str):
                problems.append(f"{name} must be a name, not {value!r}.")
            top[name] = value
        elif name in known:
            checked, problem = _checked(name, value, known[name])
            problems.extend(problem)
            if name in of_ingredients:
                ingredient, own = of_ingredients[name]
                groups.setdefault(ingredient, {})[own] = checked
            else:
                top[name] = checked
        elif slash and group in INGREDIENTS:
            problems.append(f"{group} has no hyperparameter '{inner}': {nearest(inner, INGREDIENTS[group].defaults)}")
        elif slash:
            if group == loss:
                params[inner] = value
        else:
            problems.append(f"'{name}' is not a hyperparameter: {nearest_hyperparameter(name, {'loss', *known})}")
    if problems:
        raise ConfigurationError(f"{where}: " + " ".join(problems))
    kept = {n: {**INGREDIENTS[n].defaults, **g} for n, g in groups.items()}
    kept = {n: g for n, g in kept.items() if g != INGREDIENTS[n].defaults}
    return Configuration(loss_params=params, ingredients=kept, **top)


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        name = str(key)  # YAML reads an unquoted on or 1 as something else than text
        if isinstance(value, Mapping):
            flat.update({canonical(f"{name}/{inner}"): v for inner, v in value.items()})
        else:
            flat[canonical(name)] = value
    return flat


def _checked(name: str, value: Any, hyperparameter: Hyperparameter) -> tuple[Any, list[str]]:
    if value in (None, "all") and hyperparameter.optional:
        return None, []
    limits = hyperparameter.domain
    if isinstance(limits, Float) and isinstance(value, int) and limits.contains(value):
        value = float(value)
    if isinstance(limits, Int) and isinstance(value, float) and value.is_integer():
        value = int(value)
    if (isinstance(value, float) and not math.isfinite(value)) or not limits.contains(value):
        return value, [f"{name} is {value!r}; it must be {limits}."]
    return value, []
