"""The cross-entropy head as it was trained."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tune_dml.config import Probabilities
from tune_dml.models.readouts.readout_spec import Embeddings, FittedReadout, ReadoutSpec, Trained, softmax
from tune_dml.models.word_head import transformed

_FIRST = "transform."


def _fit(trained: Trained) -> FittedReadout:
    return FittedReadout("head", dict(trained.head_state))


def head_logits(fitted: FittedReadout, embeddings: Embeddings) -> npt.NDArray[np.float64]:
    """What the head gives, float64 ``[n, outputs]``."""
    arrays = {name: array.astype(np.float64) for name, array in fitted.arrays.items()}
    hidden = embeddings.astype(np.float64)
    if transform := {name.removeprefix(_FIRST): array for name, array in arrays.items() if name.startswith(_FIRST)}:
        hidden = transformed(transform, hidden)
    if "dense.weight" in arrays:
        hidden = np.tanh(hidden @ arrays["dense.weight"].T + arrays["dense.bias"])
    logits: npt.NDArray[np.float64] = hidden @ arrays["weight"].T + arrays["bias"]
    return logits


def _probabilities(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    return softmax(head_logits(fitted, embeddings))


SPEC = ReadoutSpec(
    name="head",
    description="the cross-entropy head",
    available=lambda trained: bool(trained.head_state),
    fit=_fit,
    probabilities=_probabilities,
)
SPECS = (SPEC,)
