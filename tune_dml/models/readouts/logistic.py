"""Logistic regression on unit-length embeddings: the read-out that searches are steered by."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np

from tune_dml.config import Probabilities
from tune_dml.models.readouts.readout_spec import Embeddings, FittedReadout, ReadoutSpec, Trained, softmax, unit

#: Candidates for the frozen probe, whose embeddings no training has separated.
C_GRID = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)


def _regression(c: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=c, max_iter=1000)


def _fit(name: str, own_c: float | None, trained: Trained) -> FittedReadout:
    vectors = unit(trained.embeddings)
    c = own_c or trained.logistic_c or _c_by_cross_validation(trained)
    coefficients = np.zeros((trained.outputs, vectors.shape[1]))
    # A class without any training example can only be given a very small probability.
    intercepts = np.full(trained.outputs, -30.0)
    present = np.unique(trained.targets)
    if len(present) == 1:
        intercepts[present] = 0.0
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = _regression(c).fit(vectors, trained.targets)
        if len(present) == 2:
            coefficients[present[1]], intercepts[present[0]], intercepts[present[1]] = (
                model.coef_[0],
                0,
                model.intercept_[0],
            )
        else:
            coefficients[present], intercepts[present] = model.coef_, model.intercept_
    arrays = {"coefficients": coefficients.astype(np.float32), "intercepts": intercepts.astype(np.float32)}
    return FittedReadout(name, arrays, {"c": c})


def _c_by_cross_validation(trained: Trained) -> float:
    """The C of highest stratified cross-validation accuracy, then lowest log loss."""
    from sklearn.metrics import log_loss
    from sklearn.model_selection import StratifiedKFold

    vectors, labels = unit(trained.embeddings), trained.targets
    # A class with fewer rows than folds is spread over some of them; none may have fewer rows than all classes have.
    folds = int(min(5, np.bincount(labels).max()))
    if folds < 2 or len(np.unique(labels)) < 2:
        return 1.0
    best: tuple[float, float, float] | None = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        splits = list(StratifiedKFold(folds, shuffle=True, random_state=0).split(vectors, labels))
        splits = [(train, held) for train, held in splits if len(np.unique(labels[train])) > 1]
        for c in C_GRID:
            probabilities = np.full((len(labels), trained.outputs), 1e-7)
            for train, held in splits:
                model = _regression(c).fit(vectors[train], labels[train])
                probabilities[np.ix_(held, model.classes_)] = model.predict_proba(vectors[held])
            accuracy = float((probabilities.argmax(axis=1) == labels).mean())
            probabilities /= probabilities.sum(axis=1, keepdims=True)
            loss = float(log_loss(labels, probabilities, labels=np.arange(trained.outputs)))
            if best is None or (accuracy, -loss) > best[:2]:
                best = (accuracy, -loss, c)
    return best[2] if best else 1.0


def _probabilities(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    coefficients = fitted.arrays["coefficients"].astype(np.float64)
    return softmax(unit(embeddings) @ coefficients.T + fitted.arrays["intercepts"].astype(np.float64))


def _spec(name: str, c: float | None = None) -> ReadoutSpec:
    return ReadoutSpec(
        name=name,
        description="logistic regression on unit-length embeddings" + (f", C {c:g}" if c else ""),
        # The probe's own C is chosen among many.
        available=lambda trained: c is None or trained.logistic_c is not None,
        fit=partial(_fit, name, c),
        probabilities=_probabilities,
    )


SPECS = (_spec("logistic"), _spec("logistic:C=1", 1.0), _spec("logistic:C=100", 100.0))
