"""A logistic regression for each label, on unit-length embeddings: which labels a text has, each by itself."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np

from tune_dml.config import Probabilities
from tune_dml.models.readouts.readout_spec import Embeddings, FittedReadout, ReadoutSpec, Trained, unit

#: Of embeddings that no training has separated, such as the probe's.
UNTRAINED_C = 100.0
#: Of a label that every training text has, or none.
_SURE = 10.0


def _fit(name: str, own_c: float | None, trained: Trained) -> FittedReadout:
    from sklearn.linear_model import LogisticRegression

    vectors, c = unit(trained.embeddings), own_c or trained.logistic_c or UNTRAINED_C
    coefficients, intercepts = np.zeros((trained.outputs, vectors.shape[1])), np.zeros(trained.outputs)
    for label, has in enumerate(trained.targets.T):
        if has.min() == has.max():
            intercepts[label] = _SURE if has[0] else -_SURE
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = LogisticRegression(C=c, max_iter=1000).fit(vectors, has)
        coefficients[label], intercepts[label] = model.coef_[0], model.intercept_[0]
    arrays = {"coefficients": coefficients.astype(np.float32), "intercepts": intercepts.astype(np.float32)}
    return FittedReadout(name, arrays, {"c": c})


def _probabilities(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    coefficients = fitted.arrays["coefficients"].astype(np.float64)
    return sigmoid(unit(embeddings) @ coefficients.T + fitted.arrays["intercepts"].astype(np.float64))


def sigmoid(logits: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Probabilities:
    """Of each entry."""
    return (0.5 * (1.0 + np.tanh(0.5 * logits))).astype(np.float32)


def tempered_each(probabilities: Probabilities, temperature: float) -> Probabilities:
    """The odds of each to the power 1 / ``temperature``."""
    if temperature == 1.0:
        return probabilities
    p = np.clip(probabilities.astype(np.float64), 1e-12, 1.0 - 1e-12)
    return sigmoid(np.log(p / (1.0 - p)) / temperature)


def _spec(name: str, c: float | None = None) -> ReadoutSpec:
    return ReadoutSpec(
        name=name,
        description="a logistic regression for each label" + ("" if c is None else f", C = {c:g}"),
        # What no training has shaped has a strength of its own.
        available=lambda trained: c is None or trained.logistic_c is not None,
        fit=partial(_fit, name, c),
        probabilities=_probabilities,
        tempered=tempered_each,
    )


SPECS = (_spec("one_vs_rest"), _spec("one_vs_rest:C=1", 1.0), _spec("one_vs_rest:C=100", 100.0))
