"""Labels that a text has or has not, each by itself: binary cross entropy, the mean over texts and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from tune_dml.errors import ConfigurationError
from tune_dml.recipe import Configuration
from tune_dml.training.examples import Examples
from tune_dml.training.model import Model
from tune_dml.training.objectives.head_part import head_part
from tune_dml.training.objectives.objective import Seen, Values
from tune_dml.training.states import state_of

#: Ingredients that are about one class for each text, or about a metric loss.
_OTHERS = ("class_weights", "projection")


class BinaryCrossEntropy:
    """An :class:`tune_dml.training.objectives.objective.Objective` of texts with any number of labels.

    Raises:
        ConfigurationError: an ingredient is on that it has no use for.
    """

    figures = ()
    loss: nn.Module | None = None

    def __init__(self, config: Configuration, model: Model, data: Examples) -> None:
        odd = [name for name in _OTHERS if name in config.on()]
        if odd:
            raise ConfigurationError(f"{' and '.join(odd)} cannot be had with several labels for a text; leave it out.")
        self._head = head_part(config, model, model.width, data.outputs)
        self._smoothing = config.of("label_smoothing")["share"]

    @property
    def heads(self) -> Sequence[nn.Module]:
        return [self._head]

    def __call__(self, batch: Seen) -> tuple[Tensor, Mapping[str, float]]:
        """In float32. Of smoothed labels, a share is half there."""
        wanted = batch.targets.float() * (1.0 - self._smoothing) + self._smoothing / 2.0
        return nn.functional.binary_cross_entropy_with_logits(self._head(batch.vectors()), wanted), {}

    def head_state(self) -> Values:
        return state_of(self._head)

    def loss_state(self) -> Values:
        return {}

    def projection_state(self) -> Values:
        return {}
