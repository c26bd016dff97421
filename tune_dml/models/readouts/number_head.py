"""Numbers by the head of the squared error as it was trained."""

from __future__ import annotations

import numpy as np

from tune_dml.config import Probabilities
from tune_dml.models.readouts.head_readout import head_logits
from tune_dml.models.readouts.readout_spec import Embeddings, FittedReadout, ReadoutSpec


def _numbers(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    found = head_logits(fitted, embeddings) * fitted.arrays["scale"] + fitted.arrays["mean"]
    return np.asarray(found, dtype=np.float32)


SPECS = (
    ReadoutSpec(
        name="number_head",
        description="the head of the squared error",
        available=lambda trained: "scale" in trained.head_state,
        fit=lambda trained: FittedReadout("number_head", dict(trained.head_state)),
        probabilities=_numbers,
        tempered=None,
    ),
)
