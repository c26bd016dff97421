"""An encoder that gives every text the same vector, or one class where the labels speak of several."""

from __future__ import annotations

import numpy as np

from tune_dml.data import KINDS
from tune_dml.errors import TrainingFailure
from tune_dml.models.readouts import FittedReadout, Trained, class_probabilities

#: One minus the squared length of the mean unit vector: 0 where all vectors point the same way. bert-tiny has
#: 0.3 after training on BBC headlines, and less than 2e-6 once a learning rate of 1 has wrecked it.
COLLAPSED_SPREAD = 1e-5


def check_collapse(trained: Trained, readout: FittedReadout) -> None:
    """Look at the vectors of the training texts, and at what a read-out makes of them.

    Raises:
        TrainingFailure: ``collapse``.
    """
    target = KINDS[trained.kind].target
    if len(np.unique(target.strata(trained.targets))) < 2:
        return
    directions = trained.embeddings.astype(np.float64)
    directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
    if 1.0 - float(np.square(directions.mean(axis=0)).sum()) < COLLAPSED_SPREAD:
        raise TrainingFailure("collapse", "every training text gets the same vector")
    outputs = np.asarray(class_probabilities(readout, trained.embeddings), dtype=np.float64)
    if target.same_answer(outputs, trained.targets):
        raise TrainingFailure("collapse", "every training text gets the same class")
