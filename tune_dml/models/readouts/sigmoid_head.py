"""The head of binary cross entropy as it was trained: which labels a text has, each by itself."""

from __future__ import annotations

import numpy as np

from tune_dml.config import Probabilities
from tune_dml.models.readouts.head_readout import head_logits
from tune_dml.models.readouts.one_vs_rest import sigmoid, tempered_each
from tune_dml.models.readouts.readout_spec import Embeddings, FittedReadout, ReadoutSpec


def _probabilities(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    return sigmoid(np.asarray(head_logits(fitted, embeddings)))


SPECS = (
    ReadoutSpec(
        name="sigmoid_head",
        description="the head of binary cross entropy",
        available=lambda trained: bool(trained.head_state),
        fit=lambda trained: FittedReadout("sigmoid_head", dict(trained.head_state)),
        probabilities=_probabilities,
        tempered=tempered_each,
    ),
)
