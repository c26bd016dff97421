"""Nearest class mean (Snell et al. 2017, arXiv 1703.05175), by cosine similarity or Euclidean distance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from tune_dml.config import Probabilities
from tune_dml.models.readouts.readout_spec import Embeddings, FittedReadout, ReadoutSpec, Trained, softmax, unit

#: Cosines lie in [-1, 1]; a softmax needs them spread to say anything but "about equal".
SCALE = 10.0
EUCLIDEAN = "centroid:euclidean"
#: As if the distance from the mean were a single normal variable. On TREC and SST2 the temperature that fits is near 1.
EUCLIDEAN_SCALE = 0.5


def _fit(trained: Trained) -> FittedReadout:
    means, _ = _class_means(trained, unit)
    return FittedReadout("centroid", {"centroids": unit(means).astype(np.float32)})


def _class_means(
    trained: Trained, scaled: Callable[[Embeddings], Embeddings | npt.NDArray[np.float64]]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[Any]]:
    """Of each class the mean over its training texts and, counted so many times each, its anchors: float64 ``[outputs,
    dimension]``, zero for a class without any; and the classes that have some."""
    vectors, targets, anchors = scaled(trained.embeddings), trained.targets, trained.anchors
    if anchors is not None:
        vectors = np.concatenate([vectors, scaled(anchors.embeddings)])
        targets = np.concatenate([targets, anchors.targets])
    weights = np.ones(len(targets))
    weights[len(trained.targets) :] = 1.0 if anchors is None else anchors.weight
    means, found = np.zeros((trained.outputs, vectors.shape[1])), np.unique(targets)
    for label in found:
        own = targets == label
        if anchors is None:
            means[label] = vectors[own].mean(axis=0, dtype=np.float64)
        else:
            means[label] = np.average(vectors[own].astype(np.float64), axis=0, weights=weights[own])
    return means, found


def _probabilities(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    return softmax(SCALE * unit(embeddings) @ fitted.arrays["centroids"].astype(np.float64).T)


def _fit_euclidean(trained: Trained) -> FittedReadout:
    means, found = _class_means(trained, lambda vectors: vectors)
    # A class without any training example is far away.
    offsets = np.full(trained.outputs, -1e6)
    offsets[found] = 0.0
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
