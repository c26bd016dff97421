"""The nearest training texts by cosine similarity."""

from __future__ import annotations

from functools import partial

import numpy as np

from tune_dml.config import Probabilities
from tune_dml.models.readouts.readout_spec import Embeddings, FittedReadout, ReadoutSpec, Trained, unit

NEIGHBOURS = 5
#: Queries at a time, and similarities at a time, which are few enough for any number of training texts.
_BLOCK, _SIMILARITIES = 1024, 2_000_000


def _fit(name: str, trained: Trained) -> FittedReadout:
    labels = np.eye(trained.outputs, dtype=np.float32)[trained.targets]
    return FittedReadout(name, {"vectors": unit(trained.embeddings).astype(np.float32), "labels": labels})


def _probabilities(
    neighbours_asked: int, weighted: bool, fitted: FittedReadout, embeddings: Embeddings
) -> Probabilities:
    vectors, labels = fitted.arrays["vectors"], fitted.arrays["labels"].astype(np.float64)
    k = min(neighbours_asked, len(vectors))
    queries, neighbours = unit(embeddings), vectors.T.astype(np.float64)
    block = min(_BLOCK, max(1, _SIMILARITIES // len(vectors)))
    result = np.empty((len(queries), labels.shape[1]))
    for start in range(0, len(queries), block):
        similarity = queries[start : start + block] @ neighbours
        nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
        closeness = np.take_along_axis(similarity, nearest, axis=1) if weighted else np.ones(nearest.shape)
        weights = np.maximum(closeness, 0.0) + 1e-6
        result[start : start + block] = np.einsum("qk,qkc->qc", weights, labels[nearest])
    # Laplace smoothing: k neighbours cannot rule a class out.
    result = result / result.sum(axis=1, keepdims=True) * k + 1.0 / labels.shape[1]
    smoothed: Probabilities = (result / result.sum(axis=1, keepdims=True)).astype(np.float32)
    return smoothed


def _spec(name: str, neighbours: int = NEIGHBOURS, weighted: bool = True) -> ReadoutSpec:
    how = "weighed by cosine similarity" if weighted else "each with the same weight"
    return ReadoutSpec(
        name=name,
        description=f"the {neighbours} nearest training texts, {how}",
        available=lambda trained: True,
        fit=partial(_fit, name),
        probabilities=partial(_probabilities, neighbours, weighted),
    )


SPECS = (
    _spec("knn"),
    _spec("knn:k=1", 1),
    _spec("knn:k=3", 3),
    _spec("knn:k=10", 10),
    _spec("knn:k=20", 20),
    _spec("knn:k=10,uniform", 10, weighted=False),
)
