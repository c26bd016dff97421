"""Numbers of pairs by a line through the cosine of their two vectors; of pairs in one sequence by ridge regression."""

from __future__ import annotations

import numpy as np

from tune_dml.config import Probabilities
from tune_dml.models.readouts import ridge
from tune_dml.models.readouts.readout_spec import Embeddings, FittedReadout, ReadoutSpec, Trained

_RIDGE = ridge.SPECS[0]


def has_cosine(trained: Trained) -> bool:
    """Whether the last entry of each vector is the cosine of a pair's two."""
    return bool(trained.config.of("pairs")["encoding"] == "similarity")


def _fit(trained: Trained) -> FittedReadout:
    if not has_cosine(trained):
        fitted = _RIDGE.fit(trained)
        return FittedReadout("similarity", fitted.arrays, fitted.values)
    cosine, targets = trained.embeddings[:, -1].astype(np.float64), trained.targets.astype(np.float64)
    centred = cosine - cosine.mean()
    spread = float(centred @ centred)
    slope = float(centred @ (targets - targets.mean())) / spread if spread > 0 else 0.0
    # Whatever few texts say, what is more alike has the greater number: the order is the cosine's.
    slope = max(slope, 1e-6)
    line = {"slope": slope, "intercept": float(targets.mean()) - slope * float(cosine.mean())}
    return FittedReadout("similarity", {name: np.array([value], dtype=np.float32) for name, value in line.items()})


def _numbers(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    if "slope" not in fitted.arrays:
        return _RIDGE.probabilities(fitted, embeddings)
    found = embeddings[:, -1:].astype(np.float64) * fitted.arrays["slope"] + fitted.arrays["intercept"]
    return np.asarray(found, dtype=np.float32)


SPECS = (
    ReadoutSpec(
        name="similarity",
        description="numbers by a line through a pair's cosine, or by ridge regression on its one vector",
        available=lambda trained: True,
        fit=_fit,
        probabilities=_numbers,
        tempered=None,
    ),
)
