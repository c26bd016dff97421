"""Top layers that start from random weights (Zhang et al. 2021, arXiv 2006.05987)."""

from __future__ import annotations

from tune_dml.config.domains import Int
from tune_dml.errors import ConfigurationError
from tune_dml.recipe.hyperparameter import Hyperparameter
from tune_dml.recipe.ingredient import EncoderParts, Ingredient, Values


def _reinitialise(values: Values, parts: EncoderParts) -> None:
    """As transformers gives weights to a new encoder."""
    if not parts.epochs:
        return
    if parts.layers is None:
        raise ConfigurationError("The layers of this encoder cannot be told apart; set reinit_layers to 0.")
    wanted = int(values["layers"])
    count = wanted if parts.trained is None else min(wanted, parts.trained)
    for layer in list(parts.layers)[max(0, len(parts.layers) - count) :]:
        for parameter in layer.parameters():
            parameter._is_hf_initialized = False  # type: ignore[attr-defined]
        for module in layer.modules():
            parts.encoder._init_weights(module)  # type: ignore[operator]


SPEC = Ingredient(
    name="reinitialisation",
    description="top layers that start from random weights",
    hyperparameters={
        "layers": Hyperparameter(
            0,
            Int(0, 1_000),
            "how many of the top layers, at most those that are trained (Zhang et al. 2021, arXiv 2006.05987)",
        )
    },
    switch="layers",
    flat={"layers": "reinit_layers"},
    on_encoder=_reinitialise,
)
