"""Numbers by ridge regression on embeddings, the strength of its penalty by leave-one-out cross validation."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt

from tune_dml.config import Probabilities
from tune_dml.models.readouts.readout_spec import Embeddings, FittedReadout, ReadoutSpec, Trained

_Floats = npt.NDArray[np.float64]
#: Of the penalty, where embeddings and targets have a variance of 1.
ALPHAS = tuple(float(alpha) for alpha in np.logspace(-3, 4, 22))


def _fit(trained: Trained) -> FittedReadout:
    vectors, targets = trained.embeddings.astype(np.float64), trained.targets.astype(np.float64)
    centre, mean = vectors.mean(axis=0), float(targets.mean())
    # One scale for all dimensions: what varies most says most.
    scale = float(np.sqrt(np.square(vectors - centre).sum(axis=1).mean())) or 1.0
    spread = float(targets.std()) or 1.0
    coefficients: _Floats = np.zeros(vectors.shape[1])
    alpha = ALPHAS[-1]
    if len(targets) > 1 and targets.std() > 0:
        coefficients, alpha = _ridge((vectors - centre) / scale, (targets - mean) / spread)
    coefficients = coefficients * (spread / scale)
    arrays = {
        "coefficients": coefficients.astype(np.float32)[None, :],
        "intercepts": np.array([mean - centre @ coefficients], dtype=np.float32),
    }
    return FittedReadout("ridge", arrays, {"alpha": alpha})


def _ridge(vectors: _Floats, targets: _Floats) -> tuple[_Floats, float]:
    from sklearn.linear_model import RidgeCV

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = RidgeCV(alphas=ALPHAS).fit(vectors, targets)
    return model.coef_, float(model.alpha_)


def _numbers(fitted: FittedReadout, embeddings: Embeddings) -> Probabilities:
    coefficients = fitted.arrays["coefficients"].astype(np.float64)
    return (embeddings.astype(np.float64) @ coefficients.T + fitted.arrays["intercepts"]).astype(np.float32)


SPECS = (
    ReadoutSpec(
        name="ridge",
        description="numbers by ridge regression",
        available=lambda trained: True,
        fit=_fit,
        probabilities=_numbers,
        tempered=None,
    ),
)
