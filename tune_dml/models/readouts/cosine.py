"""Numbers by a line through the cosine of a pair's two vectors."""

from __future__ import annotations

import numpy as np

from tune_dml.config import Probabilities
from tune_dml.models.readouts.readout_spec import Embeddings, FittedReadout, ReadoutSpec, Trained


def _fit(trained: Trained) -> FittedReadout:
    cosine, targets = trained.embeddings[:, -1].astype(np.float64), trained.targets.astype(np.float64)
    centred = cosine - cosine.mean()
    spread = float(centred @ centred)
    slope = float(centred @ (targets - targets.mean())) / spread if spread > 0 else 0.0
    # What is more alike is never said to be less so: it is the untouched cosine's order.
    slope = max(slope, 1e-6)
    line = {"slope": slope, "intercept": float(targets.mean()) - slope * float(cosine.mean())}
    arrays = {name: np.array([value], dtype=np.float32) for name, value in line.items()}
    return FittedReadout("cosine", arrays)


def _numbers(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    found = embeddings[:, -1:].astype(np.float64) * fitted.arrays["slope"] + fitted.arrays["intercept"]
    return np.asarray(found, dtype=np.float32)


SPECS = (
    ReadoutSpec(
        name="cosine",
        description="numbers by a line through the cosine of a pair's vectors",
        # It stands last in their common vector.
        available=lambda trained: trained.config.of("pairs")["encoding"] == "similarity",
        fit=_fit,
        probabilities=_numbers,
        tempered=None,
    ),
)
