"""Nearest class mean (Snell et al. 2017, arXiv 1703.05175), by cosine similarity or Euclidean distance."""

from __future__ import annotations

import numpy as np

from tune_dml.config import Probabilities
from tune_dml.models.readouts.readout_spec import Embeddings, FittedReadout, ReadoutSpec, Trained, softmax, unit

#: Cosines lie in [-1, 1]; a softmax needs them spread to say anything but "about equal".
SCALE = 10.0
EUCLIDEAN = "centroid:euclidean"
#: As if the distance from the mean were a single normal variable. On TREC and SST2 the temperature that fits is near 1.
EUCLIDEAN_SCALE = 0.5


def _fit(trained: Trained) -> FittedReadout:
    vectors = unit(trained.embeddings)
    means = np.zeros((trained.outputs, vectors.shape[1]))
    for label in np.unique(trained.targets):
        means[label] = vectors[trained.targets == label].mean(axis=0)
    return FittedReadout("centroid", {"centroids": unit(means).astype(np.float32)})


def _probabilities(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    return softmax(SCALE * unit(embeddings) @ fitted.arrays["centroids"].astype(np.float64).T)


def _fit_euclidean(trained: Trained) -> FittedReadout:
    means = np.zeros((trained.outputs, trained.embeddings.shape[1]))
    # A class without any training example is far away.
    offsets = np.full(trained.outputs, -1e6)
    for label in np.unique(trained.targets):
        means[label] = trained.embeddings[trained.targets == label].mean(axis=0, dtype=np.float64)
        offsets[label] = 0.0
    own = np.square(trained.embeddings - means[trained.targets]).sum(axis=1).mean()
    arrays = {"centroids": means.astype(np.float32), "offsets": offsets.astype(np.float32)}
    return FittedReadout(EUCLIDEAN, arrays, {"spread": float(max(own, 1e-12))})


def _probabilities_euclidean(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    centroids = fitted.arrays["centroids"].astype(np.float64)
    queries = embeddings.astype(np.float64)
    squared = np.square(queries).sum(axis=1)[:, None] - 2 * queries @ centroids.T + np.square(centroids).sum(axis=1)
    # In units of the training texts' mean squared distance from their own means.
    return softmax(fitted.arrays["offsets"] - EUCLIDEAN_SCALE * squared / float(fitted.values["spread"]))  # type: ignore[arg-type]


SPECS = (
    ReadoutSpec(
        name="centroid",
        description="nearest class mean by cosine similarity",
        available=lambda trained: True,
        fit=_fit,
        probabilities=_probabilities,
    ),
    ReadoutSpec(
        name=EUCLIDEAN,
        description="nearest class mean by Euclidean distance",
        available=lambda trained: True,
        fit=_fit_euclidean,
        probabilities=_probabilities_euclidean,
    ),
)
