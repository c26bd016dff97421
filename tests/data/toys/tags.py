"""A kind of task that the package does not have: several of some names for each text, or none."""

import json
import warnings
from collections import Counter

import numpy as np
import torch
from torch import nn

from tune_dml.data.kind import Kind, Target
from tune_dml.data.metric import Metric
from tune_dml.data.text_forms import ONE_TEXT
from tune_dml.errors import DataError
from tune_dml.models.readouts import READOUT_SPECS, FittedReadout, ReadoutSpec
from tune_dml.models.readouts.readout_spec import unit
from tune_dml.training.objectives import OBJECTIVES

# Targets: 0 or 1 for each text and name, int64 [n, names]; -1 for a name that no training text has.


def parts(label):
    """``a;b``, or a list as JSON has it."""
    found = json.loads(label) if label.startswith("[") else label.split(";")
    return {str(name).strip() for name in found} - {""}


class Tags:
    def __init__(self, written):
        self.train_counts = dict(sorted(Counter(name for label in written for name in parts(label)).items()))
        self.names = tuple(self.train_counts)

    def encode(self, rows, split):
        if None in rows.labels:
            raise DataError(f"{rows.where}: a row of the {split} split has no label; write [] where it has none.")
        found = [parts(label) for label in rows.labels]
        return [[-1 if each - set(self.names) else int(name in each) for name in self.names] for each in found]


def code(raw, spec, source, notes):
    return Tags([label for label in (raw.get("train") or raw["all"]).labels if label is not None])


def check_pool(pool, code, where, notes):
    if pool.labels.min() == pool.labels.max():
        raise DataError(f"{where}: every text has the same labels.")


def narrowed(pool):
    kept = np.flatnonzero(pool.max(axis=0) > 0)
    return kept, lambda targets: np.where(np.delete(targets, kept, axis=1).any(axis=1)[:, None], -1, targets[:, kept])


def strata(targets):
    """The rarest name of each text; those without any are a stratum of their own."""
    rarity = np.where(targets > 0, targets.sum(axis=0), len(targets) + 1)
    rarest = np.where(targets.any(axis=1), rarity.argmin(axis=1), targets.shape[1])
    return np.unique(rarest, return_inverse=True)[1].astype(np.int64)


def decided(probabilities):
    return (probabilities > 0.5).astype(np.int64)


def row_losses(probabilities, targets):
    return -np.log(np.clip(np.where(targets > 0, probabilities, 1 - probabilities), 1e-7, 1.0)).mean(axis=1)


def weighted_f1(probabilities, targets, weights):
    predicted = decided(probabilities)
    hits, support = (predicted * targets).sum(axis=1), (predicted + targets).sum(axis=1)
    return (2.0 * (weights @ hits) / np.maximum(weights @ support, 1)).astype(np.float64)


def row_f1(probabilities, targets):
    predicted = decided(probabilities)
    return 2.0 * (predicted * targets).sum(axis=1) / np.maximum((predicted + targets).sum(axis=1), 1)


class BinaryCrossEntropy:
    figures = ()
    loss = None

    def __init__(self, config, model, data):
        self.head = nn.Linear(model.width, data.outputs).to(model.device)
        self.heads = [self.head]

    def __call__(self, batch):
        return nn.functional.binary_cross_entropy_with_logits(self.head(batch.vectors()), batch.targets.float()), {}

    def head_state(self):
        return {}

    loss_state = projection_state = head_state


def fit(trained):
    from sklearn.linear_model import LogisticRegression

    vectors, c = unit(trained.embeddings), trained.logistic_c or 10.0
    weights, biases = np.zeros((trained.outputs, vectors.shape[1])), np.zeros(trained.outputs)
    for i, own in enumerate(trained.targets.T):
        if own.min() == own.max():
            biases[i] = 10.0 if own[0] else -10.0
            continue
        with warnings.catch_warnings(action="ignore"):
            model = LogisticRegression(C=c, max_iter=1000).fit(vectors, own)
        weights[i], biases[i] = model.coef_[0], model.intercept_[0]
    arrays = {"weights": weights.astype(np.float32), "biases": biases.astype(np.float32)}
    return FittedReadout("logistic_of_each", arrays, {"c": c})


def probabilities(fitted, embeddings):
    logits = unit(embeddings) @ fitted.arrays["weights"].T + fitted.arrays["biases"]
    return torch.sigmoid(torch.tensor(logits)).numpy().astype(np.float32)


def made_up(n, distinct, outputs):
    return (np.arange(n)[:, None] % distinct == np.arange(outputs)[None, :]).astype(np.int64)


READOUT = ReadoutSpec(
    "logistic_of_each", "a logistic regression for each name", lambda trained: True, fit, probabilities, None
)
READOUT_SPECS[READOUT.name] = READOUT
OBJECTIVES["tags_apart"] = BinaryCrossEntropy
LOSS = Metric(
    "tag_loss", "loss over tags", "loss", lambda p, y: float(row_losses(p, y).mean()),
    lambda p, y: -row_losses(p, y), row_losses, lower_is_better=True,
)  # fmt: skip
F1 = Metric(
    "tag_f1", "F1 over tags", "F1", lambda p, y: float(weighted_f1(p, y, np.ones((1, len(y))))[0]),
    row_f1, weighted=weighted_f1, ties=LOSS.name,
)  # fmt: skip
SPEC = Kind(
    "tags",
    ONE_TEXT,
    Target(
        metrics=(F1, LOSS),
        readouts=(READOUT.name,),
        trained_readout=READOUT.name,
        objective="tags_apart",
        losses=("ce",),
        code=code,
        written=lambda cell: json.dumps(list(cell)) if isinstance(cell, list | tuple) else cell,
        unknown=lambda targets: (targets < 0).any(axis=1),
        check_pool=check_pool,
        narrowed=narrowed,
        strata=strata,
        counts=lambda targets, names: dict(zip(names, targets.sum(axis=0).tolist(), strict=True)),
        named=lambda targets, names: [
            tuple(n for n, has in zip(names, row, strict=True) if has > 0) for row in targets
        ],
        decided=decided,
        made_up=made_up,
    ),
)
