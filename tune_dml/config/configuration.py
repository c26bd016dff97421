"""One configuration: everything that decides how an encoder is fine-tuned, and nothing about data or seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from tune_dml.config.domains import Choice, Domain, Float, Int, Value
from tune_dml.errors import ConfigurationError, nearest

REPRESENTATIONS = ("mean", "cls", "tokens", "last_token", "mask")
#: Each read-out with its usual setting, then with others: ``name:setting``.
READOUTS = (
    "logistic", "logistic:C=1", "logistic:C=100", "head", "centroid", "centroid:euclidean",
    "knn", "knn:k=1", "knn:k=3", "knn:k=10", "knn:k=20", "knn:k=10,uniform",
    "proxies", "head+proxies", "head+proxies:0.25", "head+proxies:0.5", "head+proxies:0.75",
)  # fmt: skip
SCHEDULES = ("linear", "cosine", "constant")
PAIR_ENCODINGS = ("joint", "towers")
HEADS = ("linear", "mlp")
PROJECTIONS = ("none", "linear", "mlp")
CLASS_WEIGHTS = ("equal", "balanced")

#: What each hyperparameter may be at all. A search space narrows it.
LIMITS: dict[str, Domain] = {
    "beta": Float(0.0, 1.0),
    "representation": Choice(REPRESENTATIONS),
    "pair_encoding": Choice(PAIR_ENCODINGS),
    "readout": Choice(READOUTS),
    "temperature": Float(0.05, 20.0),
    "head": Choice(HEADS),
    "projection": Choice(PROJECTIONS),
    "projection_size": Int(2, 65_536),
    "keep_projection": Choice((False, True)),
    "lr": Float(0.0, 1.0),
    "head_lr": Float(0.0, 10.0),
    "loss_lr": Float(0.0, 10.0),
    "weight_decay": Float(0.0, 10.0),
    "warmup": Float(0.0, 1.0),
    "schedule": Choice(SCHEDULES),
    "epochs": Int(0, 10_000),
    "batch_size": Int(2, 65_536),
    "max_length": Int(4, 8_192),
    "dropout": Float(0.0, 0.95),
    "layer": Int(1, 1_000),
    "averaged_layers": Int(1, 1_000),
    "trainable_layers": Int(0, 1_000),
    "train_word_embeddings": Choice((False, True)),
    "label_smoothing": Float(0.0, 0.9),
    "class_weights": Choice(CLASS_WEIGHTS),
    "max_grad_norm": Float(0.0, 1_000.0),
    "layer_decay": Float(0.01, 1.0),
    "reinit_layers": Int(0, 1_000),
    "patience": Int(0, 10_000),
}
#: Those that may also be ``None``: the encoder's own dropout, every layer.
OPTIONAL = frozenset({"dropout", "layer", "trainable_layers"})


@dataclass(frozen=True)
class Configuration:
    """A fine-tuning recipe.

    Attributes:
        loss: A name out of ``tune-dml losses``.
        loss_params: The loss's own hyperparameters; what is left out takes the loss's default.
        beta: Training loss = ``beta`` * cross entropy + (1 - ``beta``) * metric loss. Ignored by ``ce``.
        representation: How a text becomes one vector: ``mean`` over its tokens, ``cls``, ``last_token``,
            ``mask`` (the mask token of a template that follows the text), or ``tokens`` (each token is an example of
            the metric loss; heads and read-outs use the mean).
        pair_encoding: Of tasks with pairs: ``joint`` is one sequence of both texts; ``towers`` encodes them apart and
            goes on with ``|u - v|`` and ``u * v`` (Conneau et al. 2017, arXiv 1705.02364).
        readout: How classes are read from the final embeddings.
        temperature: The read-out's class probabilities are taken to the power 1 / ``temperature``. Cross validation
            picks it afterwards (Guo et al. 2017, arXiv 1706.04599).
        head: Of cross entropy: ``linear``, or ``mlp``, RoBERTa's with a dense layer and tanh in front.
        projection, projection_size: What the metric loss sees the embeddings through, with how many dimensions.
        keep_projection: Whether heads and read-outs see them through it too; else it is dropped after training.
        lr, head_lr, loss_lr: Peak learning rates of the encoder, of head and projection, and of the loss's own
            parameters.
        weight_decay: AdamW's, on weight matrices of the encoder and the head.
        warmup: Share of the steps in which the learning rates rise from 0.
        schedule: What they do afterwards.
        epochs: Passes over the training texts; 0 leaves the encoder as it is.
        batch_size: Texts per step.
        max_length: Tokens per text; longer ones are cut.
        dropout: In the encoder's trained layers and before the head; ``None`` keeps the encoder's own value.
        layer: Whose hidden states are used, 1 for the lowest; layers above it are left out. ``None``: the last.
        averaged_layers: The hidden states are the mean of those of so many of the top layers.
        trainable_layers: How many of the top layers are trained; ``None`` means all.
        train_word_embeddings: Whether the word-embedding table is trained when all layers are.
        label_smoothing: Share of the label that cross entropy spreads over all classes (Szegedy et al. 2015,
            arXiv 1512.00567).
        class_weights: ``balanced`` weighs each class in cross entropy by the inverse of its frequency.
        max_grad_norm: Gradients are scaled down to this norm; 0 leaves them as they are.
        layer_decay: The learning rate of each layer is this times that of the layer above it (Howard and Ruder 2018,
            arXiv 1801.06146).
        reinit_layers: How many of the top layers, at most those that are trained, start from random weights (Zhang et
            al. 2021, arXiv 2006.05987).
        patience: Training ends once so many epochs in a row have not lowered the mean training loss by a hundredth of
            the lowest; 0: never.
    """

    loss: str = "ce"
    loss_params: Mapping[str, Value] = field(default_factory=dict)
    beta: float = 0.1
    representation: str = "mean"
    pair_encoding: str = "joint"
    readout: str = "logistic"
    temperature: float = 1.0
    head: str = "linear"
    projection: str = "none"
    projection_size: int = 128
    keep_projection: bool = False
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
    layer: int | None = None
    averaged_layers: int = 1
    trainable_layers: int | None = None
    train_word_embeddings: bool = False
    label_smoothing: float = 0.0
    class_weights: str = "equal"
    max_grad_norm: float = 1.0
    layer_decay: float = 1.0
    reinit_layers: int = 0
    patience: int = 0

    @property
    def beta_effective(self) -> float:
        """Weight of cross entropy in the training loss: 1 for ``ce``."""
        return 1.0 if self.loss == "ce" else self.beta

    def to_dict(self) -> dict[str, Value]:
        """Flat, with the loss's own hyperparameters under its name: ``{"loss": "softtriple", "softtriple/la": 20}``."""
        flat: dict[str, Value] = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "loss_params"}
        flat.update({f"{self.loss}/{name}": value for name, value in self.loss_params.items()})
        return flat

    def with_readout(self, readout: str) -> Configuration:
        return replace(self, readout=readout)


def configuration_from(values: Mapping[str, Any], where: str = "configuration") -> Configuration:
    """A :class:`Configuration` from flat (``softtriple/la``) or nested (``softtriple: {la: 20}``) values.

    Hyperparameters of losses other than the chosen one are dropped. Whether the loss exists and knows its
    hyperparameters is checked where losses are known (``tune_dml.losses.check``).

    Raises:
        ConfigurationError: every unknown name and out-of-range value, in one message.
    """
    flat: dict[str, Any] = {}
    for key, value in values.items():
        name = str(key)  # YAML reads an unquoted on or 1 as something else than text
        if isinstance(value, Mapping):
            flat.update({f"{name}/{inner}": v for inner, v in value.items()})
        else:
            flat[name] = value
    known = {f.name for f in fields(Configuration)} - {"loss_params"}
    problems: list[str] = []
    top: dict[str, Any] = {}
    params: dict[str, Value] = {}
    loss = flat.get("loss", "ce")
    for name, value in flat.items():
        group, slash, inner = name.partition("/")
        if slash:
            if group == loss:
                params[inner] = value
        elif name not in known:
            problems.append(f"'{name}' is not a hyperparameter: {nearest(name, known)}")
        elif name == "loss":
            if not isinstance(value, str):
                problems.append(f"loss must be a name, not {value!r}.")
            top[name] = value
        else:
            top[name], problem = _checked(name, value)
            problems.extend(problem)
    if problems:
        raise ConfigurationError(f"{where}: " + " ".join(problems))
    return Configuration(loss_params=params, **top)


def _checked(name: str, value: Any) -> tuple[Any, list[str]]:
    if value in (None, "all") and name in OPTIONAL:
        return None, []
    limits = LIMITS[name]
    if isinstance(limits, Float) and isinstance(value, int) and limits.contains(value):
        value = float(value)
    if isinstance(limits, Int) and isinstance(value, float) and value.is_integer():
        value = int(value)
    if (isinstance(value, float) and not math.isfinite(value)) or not limits.contains(value):
        return value, [f"{name} is {value!r}; it must be {limits}."]
    return value, []
