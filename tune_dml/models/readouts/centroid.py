"""Nearest class mean by cosine similarity (Snell et al. 2017, arXiv 1703.05175, with cosines)."""

from __future__ import annotations

import numpy as np

from tune_dml.config import Probabilities
from tune_dml.models.readouts.spec import Embeddings, FittedReadout, ReadoutSpec, Trained, softmax, unit

#: Cosines lie in [-1, 1]; a softmax needs them spread to say anything but "about equal".
SCALE = 10.0


def _fit(trained: Trained) -> FittedReadout:
    vectors = unit(trained.embeddings)
    means = np.zeros((trained.classes, vectors.shape[1]))
    for label in np.unique(trained.labels):
        means[label] = vectors[trained.labels == label].mean(axis=0)
    return FittedReadout("centroid", {"centroids": unit(means).astype(np.float32)})


def _probabilities(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    return softmax(SCALE * unit(embeddings) @ fitted.arrays["centroids"].astype(np.float64).T)


SPEC = ReadoutSpec(
    name="centroid",
    description="nearest class mean by cosine similarity",
    available=lambda trained: True,
    fit=_fit,
    probabilities=_probabilities,
)
