"""The cross-entropy head as it was trained."""

from __future__ import annotations

import numpy as np

from tune_dml.config import Probabilities
from tune_dml.models.readouts.spec import Embeddings, FittedReadout, ReadoutSpec, Trained, softmax


def _fit(trained: Trained) -> FittedReadout:
    assert trained.head is not None
    weight, bias = trained.head
    return FittedReadout("head", {"weight": weight, "bias": bias})


def _probabilities(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    weight = fitted.arrays["weight"].astype(np.float64)
    return softmax(embeddings.astype(np.float64) @ weight.T + fitted.arrays["bias"].astype(np.float64))


SPEC = ReadoutSpec(
    name="head",
    description="the cross-entropy head",
    available=lambda trained: trained.head is not None,
    fit=_fit,
    probabilities=_probabilities,
)
