"""Numbers: beta * squared error + (1 - beta) * metric loss over equal parts of the texts by their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from tune_dml.data import KINDS
from tune_dml.errors import ConfigurationError
from tune_dml.models.head import ClassificationHead
from tune_dml.recipe import Configuration
from tune_dml.training.examples import Examples
from tune_dml.training.model import Model
from tune_dml.training.objectives.head_part import head_part
from tune_dml.training.objectives.metric_part import metric_part
from tune_dml.training.objectives.objective import Seen, Values
from tune_dml.training.states import state_of

#: Ingredients that are about classes.
_OTHERS = ("class_weights", "label_smoothing")


class SquaredError:
    """An :class:`tune_dml.training.objectives.objective.Objective` of texts with a number each.

    A head learns numbers of mean 0 and standard deviation 1; what they were goes with its parameters, as ``mean`` and
    ``scale``. Where the vector of a pair ends with the cosine of its two texts there is no head: the cosine itself
    learns the numbers, from 0 for the least to 1 for the greatest (Reimers and Gurevych 2019, arXiv 1908.10084). Its
    figure ``zero_loss_share`` is that of the metric loss.

    Raises:
        ConfigurationError: an ingredient is on that it has no use for.
    """

    figures = ("zero_loss_share",)

    def __init__(self, config: Configuration, model: Model, data: Examples) -> None:
        projected = config.of("projection")
        odd = [name for name in _OTHERS if name in config.on()]
        odd += ["keep_projection"] * bool(projected["kind"] != "none" and projected["keep"])
        if odd:
            raise ConfigurationError(f"{' and '.join(odd)} cannot be had where labels are numbers; leave it out.")
        self._beta, self._by_cosine = config.beta_effective, model.pair_encoding == "similarity"
        self._zero, self._unit = float(data.targets.mean()), float(data.targets.std()) or 1.0
        if self._by_cosine:
            self._zero, self._unit = float(data.targets.min()), float(np.ptp(data.targets)) or 1.0
        self._head: ClassificationHead | None = None
        if self._beta > 0 and not self._by_cosine:
            self._head = head_part(config, model, model.width, 1)
        parts = KINDS[data.kind].target.strata(data.targets)
        # The least number of each part but the first.
        least = [data.targets[parts == part].min() for part in range(1, int(parts.max()) + 1)]
        self._edges = torch.tensor(np.array(least, dtype=np.float64), device=model.device)
        self.loss, self._projection = metric_part(config, model, len(least) + 1)

    @property
    def heads(self) -> Sequence[nn.Module]:
        return [module for module in (self._head, self._projection) if module is not None]

    def __call__(self, batch: Seen) -> tuple[Tensor, Mapping[str, float]]:
        """Both parts, each in float32."""
        zero = False
        total = torch.zeros((), dtype=torch.float32, device=batch.targets.device)
        if self._beta > 0:
            vectors = batch.vectors()
            said = vectors[:, -1] if self._head is None else self._head(vectors)[:, 0]
            wanted = ((batch.targets - self._zero) / self._unit).float()
            total = total + self._beta * nn.functional.mse_loss(said, wanted)
        if self.loss is not None and self._beta < 1.0:
            vectors, targets = batch.examples()
            parts = torch.bucketize(targets, self._edges, right=True)
            metric = self.loss(vectors if self._projection is None else self._projection(vectors), parts)
            zero = metric.detach().item() == 0.0
            total = total + (1.0 - self._beta) * metric
        return total, {"zero_loss_share": float(zero)}

    def head_state(self) -> Values:
        if self._head is None:
            return {}
        ends = {"mean": self._zero, "scale": self._unit}
        return state_of(self._head) | {name: np.array([value], dtype=np.float32) for name, value in ends.items()}

    def loss_state(self) -> Values:
        return {}

    def projection_state(self) -> Values:
        return {}
