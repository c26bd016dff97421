"""How classes are read from embeddings: one small file per read-out, which may come with several settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tune_dml.config import Probabilities
from tune_dml.data import KINDS
from tune_dml.models.readouts import (
    centroid,
    head_proxies,
    head_readout,
    knn,
    logistic,
    number_head,
    one_vs_rest,
    proxies,
    ridge,
    sigmoid_head,
    similarity,
)
from tune_dml.models.readouts.readout_spec import AnchorVectors, Embeddings, FittedReadout, ReadoutSpec, Trained

READOUT_SPECS: dict[str, ReadoutSpec] = {
    spec.name: spec
    for module in (
        *(logistic, head_readout, centroid, knn, proxies, head_proxies),
        *(one_vs_rest, sigmoid_head, ridge, number_head, similarity),
    )
    for spec in module.SPECS
}
#: With more training texts than this, read-outs are not tried in several settings: it hardly matters, and takes time.
SETTINGS_TEXTS = 500
_PROJECTION = "projection."


def fit_readouts(trained: Trained, projection: Mapping[str, npt.NDArray[np.float32]]) -> dict[str, FittedReadout]:
    """Every read-out that this training run can have, by name.

    Args:
        projection: Parameters of what embeddings go through first, by name; empty if they are read as they are.
    """
    config = trained.config
    if projection:
        trained = replace(trained, embeddings=_projected(projection, trained.embeddings))
        if (anchors := trained.anchors) is not None:
            projected = _projected(projection, anchors.embeddings)
            trained = replace(trained, anchors=anchors._replace(embeddings=projected))
    fitted = {
        name: spec.fit(trained)
        for name, spec in ((name, READOUT_SPECS[name]) for name in KINDS[trained.kind].target.readouts)
        if spec.available(trained) and (":" not in name or len(trained.targets) <= SETTINGS_TEXTS)
    }
    if config.readout in fitted and config.temperature != 1.0:
        own = fitted[config.readout]
        fitted[config.readout] = replace(own, values={**own.values, "temperature": config.temperature})
    added = {f"{_PROJECTION}{name}": array for name, array in projection.items()}
    return {name: replace(one, arrays={**one.arrays, **added}) for name, one in fitted.items()} if added else fitted


def class_probabilities(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    """Of a fitted read-out, with its projection and its temperature: float32 ``[n, outputs]``."""
    parts: tuple[dict[str, npt.NDArray[np.float32]], ...] = ({}, {})
    for name, array in fitted.arrays.items():
        parts[name.startswith(_PROJECTION)][name.removeprefix(_PROJECTION)] = array
    own, projection = parts
    if projection:
        embeddings = _projected(projection, embeddings)
    spec = READOUT_SPECS[fitted.name]
    probabilities = spec.probabilities(replace(fitted, arrays=own), embeddings)
    temperature = float(fitted.values.get("temperature") or 1.0)
    return probabilities if spec.tempered is None else spec.tempered(probabilities, temperature)


def _projected(parameters: Mapping[str, npt.NDArray[np.float32]], embeddings: Embeddings) -> Embeddings:
    """What :func:`tune_dml.recipe.ingredients.projection.make_projection` made, in evaluation."""
    hidden = embeddings
    # A linear layer alone has no number.
    for number in sorted({name.rpartition(".")[0] for name in parameters}):
        dot = "." if number else ""
        hidden = np.maximum(hidden, 0.0) if hidden is not embeddings else hidden
        hidden = hidden @ parameters[f"{number}{dot}weight"].T + parameters[f"{number}{dot}bias"]
    return np.asarray(hidden, dtype=np.float32)


__all__ = [
    "READOUT_SPECS",
    "AnchorVectors",
    "FittedReadout",
    "ReadoutSpec",
    "Trained",
    "class_probabilities",
    "fit_readouts",
]
