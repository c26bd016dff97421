"""What the rest of the system knows of an ingredient: a part of a recipe that can be on or off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tune_dml.config.domains import Value
from tune_dml.recipe.hyperparameter import Hyperparameter

if TYPE_CHECKING:
    from torch import Tensor, nn

Values = Mapping[str, Any]


@dataclass(frozen=True)
class EncoderParts:
    """An encoder that was just built, before any of it is frozen.

    Attributes:
        encoder: As transformers has it.
        layers: Lowest first; ``None`` where they cannot be told apart.
        trained: How many of the top ones are going to be trained; ``None``: all.
        epochs: Of the training that follows; 0 for the probe.
    """

    encoder: nn.Module
    layers: Sequence[nn.Module] | None
    trained: int | None
    epochs: int


@dataclass(frozen=True)
class Ingredient:
    """An ingredient.

    Attributes:
        name: In spaces and configurations its hyperparameters are ``name/hyperparameter``.
        description: A few words.
        hyperparameters: By name. The default of the ``switch`` is its value when the ingredient is off.
        switch: The hyperparameter that says whether it is on.
        flat: Those that configurations and samplers know by a name of their own, by hyperparameter.
        on_encoder: ``on_encoder(values, parts)`` changes an encoder that was just built.
        on_hidden: ``on_hidden(values, hidden, mask)`` gives what takes the place of the hidden states
            ``[texts, tokens, dimension]`` of a training batch; ``mask`` is 1 for real tokens, ``[texts, tokens]``.
        learning_rates: ``learning_rates(values, encoder, layers)`` gives every parameter of the encoder, in groups,
            each with the factor of its learning rate.
        stops: ``stops(values)`` gives what is called with each epoch's mean loss, and says whether training is over.
        input: ``input(values, model, tokens)`` gives the :class:`tune_dml.training.inputs.Input` that takes the place
            of the usual one; ``model`` and ``tokens`` are training's.
        objective: ``objective(values, usual, model, data)`` gives the
            :class:`tune_dml.training.objectives.Objective` that takes the place of the ``usual`` one, or adds to it.
    """

    name: str
    description: str
    hyperparameters: Mapping[str, Hyperparameter]
    switch: str
    flat: Mapping[str, str] = field(default_factory=dict)
    on_encoder: Callable[[Values, EncoderParts], None] | None = None
    on_hidden: Callable[[Values, Tensor, Tensor], Tensor] | None = None
    learning_rates: (
        Callable[[Values, nn.Module, Sequence[nn.Module] | None], Iterable[tuple[float, list[nn.Parameter]]]] | None
    ) = None
    stops: Callable[[Values], Callable[[float], bool]] | None = None
    # Of a higher floor: the model, token arrays, examples, and what is given back.
    input: Callable[[Values, Any, Any], Any] | None = None
    objective: Callable[[Values, Any, Any, Any], Any] | None = None

    @property
    def defaults(self) -> dict[str, Value]:
        """With which it is off."""
        return {name: h.default for name, h in self.hyperparameters.items()}

    def is_on(self, values: Mapping[str, Value]) -> bool:
        """Whether ``values``, of all of its hyperparameters, have it on."""
        return values[self.switch] != self.hyperparameters[self.switch].default

    def name_of(self, hyperparameter: str) -> str:
        """In configurations and for samplers."""
        return self.flat.get(hyperparameter, f"{self.name}/{hyperparameter}")
