"""The masked-LM head of a checkpoint, by which the vector at a mask token is compared with words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

_Array = npt.NDArray[np.float32]
#: What stands between the dense layer and the norm; the place here is what model folders hold.
ACTIVATIONS = ("gelu", "gelu_new", "relu", "silu")


class _Names(NamedTuple):
    """What a family calls the parts; ``activation`` is a key of its configuration, or the function itself."""

    dense: str
    norm: str
    bias: str
    activation: str
    epsilon: str | float = "layer_norm_eps"


_FAMILIES = (
    _Names("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions", "hidden_act"),
    _Names("lm_head.dense", "lm_head.layer_norm", "lm_head", "gelu"),
    _Names("lm_predictions.lm_head.dense", "lm_predictions.lm_head.LayerNorm", "lm_predictions.lm_head", "hidden_act"),
    _Names("predictions.dense", "predictions.LayerNorm", "predictions", "hidden_act"),
    _Names("generator_predictions.dense", "generator_predictions.LayerNorm", "generator_lm_head", "gelu"),
    _Names("vocab_transform", "vocab_layer_norm", "vocab_projector", "activation", 1e-12),
    _Names("head.dense", "head.norm", "decoder", "classifier_activation", "norm_eps"),
)


@dataclass(frozen=True, eq=False)
class WordHead:
    """A dense layer, an activation and a norm, and what the result is compared with.

    Attributes:
        weight, bias: Of the dense layer, ``[width, dimension]`` and ``[width]``.
        norm_weight, norm_bias: ``[width]``.
        epsilon: Of the norm.
        activation: One of :data:`ACTIVATIONS`.
        word_bias: Of each word, where the checkpoint has it: ``[vocabulary]``.
        rows, row_bias: Of classes that words stand for: ``[classes, width]`` and ``[classes]``.
    """

    weight: _Array
    bias: _Array
    norm_weight: _Array
    norm_bias: _Array
    epsilon: float
    activation: str
    word_bias: _Array | None = None
    rows: _Array | None = None
    row_bias: _Array | None = None

    @property
    def width(self) -> int:
        """Of what it gives."""
        return len(self.bias)

    def without_rows(self) -> WordHead:
        """The transform alone."""
        return self if self.rows is None else replace(self, rows=None, row_bias=None)


def read_word_head(folder: Path, config: Mapping[str, Any]) -> WordHead | None:
    """Out of an encoder's weight files; ``None`` where they have none, or one with another activation.

    Args:
        config: The encoder's.
    """
    from safetensors import safe_open

    places: dict[str, Path] = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "np") as weights:
            places |= dict.fromkeys(weights.keys(), file)
    for names in _FAMILIES:
        activation = str(config.get(names.activation, names.activation))
        if f"{names.dense}.weight" in places and activation in ACTIVATIONS:
            break
    else:
        return None

    def read(*possible: str) -> _Array | None:
        name = next((name for name in possible if name in places), None)
        if name is None:
            return None
        import torch

        with safe_open(places[name], "pt") as weights:
            found: torch.Tensor = weights.get_tensor(name)
        return found.float().numpy()

    weight, norm = read(f"{names.dense}.weight"), read(f"{names.norm}.weight", f"{names.norm}.gamma")
    if weight is None or norm is None:
        return None
    bias, shift = read(f"{names.dense}.bias"), read(f"{names.norm}.bias", f"{names.norm}.beta")
    nothing = np.zeros(len(weight), dtype=np.float32)
    epsilon = names.epsilon if isinstance(names.epsilon, float) else float(config.get(names.epsilon, 1e-12))
    return WordHead(
        weight,
        nothing if bias is None else bias,
        norm,
        nothing if shift is None else shift,
        epsilon,
        activation,
        read(f"{names.bias}.bias", f"{names.bias}.decoder.bias"),
    )


def transformed(arrays: Mapping[str, npt.NDArray[Any]], vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What :class:`tune_dml.models.head.WordTransform` gives, by its arrays: float64 ``[n, width]``."""
    hidden = vectors @ arrays["dense.weight"].T + arrays["dense.bias"]
    hidden = _activated(ACTIVATIONS[int(arrays["activation"][0])], hidden)
    hidden = hidden - hidden.mean(axis=1, keepdims=True)
    hidden /= np.sqrt((hidden**2).mean(axis=1, keepdims=True) + arrays["epsilon"])
    return np.asarray(hidden * arrays["norm.weight"] + arrays["norm.bias"])


def _activated(name: str, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    from scipy.special import erf, expit

    if name == "gelu":
        return np.asarray(values * 0.5 * (1.0 + erf(values / np.sqrt(2.0))))
    if name == "gelu_new":
        inner = np.sqrt(2.0 / np.pi) * (values + 0.044715 * values**3)
        return np.asarray(values * 0.5 * (1.0 + np.tanh(inner)))
    return np.asarray(np.maximum(values, 0.0) if name == "relu" else values * expit(values))
