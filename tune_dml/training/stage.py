"""What training has reached: read-outs of the encoder as it is, and what they say of other texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tune_dml.config import Probabilities
from tune_dml.data import KINDS, stratified_rows
from tune_dml.errors import TrainingFailure
from tune_dml.models.readouts import AnchorVectors, FittedReadout, Trained, class_probabilities, fit_readouts
from tune_dml.models.tokens import TokenArrays
from tune_dml.training.collapse import check_collapse
from tune_dml.training.examples import Anchors, Examples
from tune_dml.training.inputs import Input
from tune_dml.training.model import Model
from tune_dml.training.objectives import Objective

#: Of the logistic read-out on embeddings that training has shaped. The frozen probe picks its own.
LOGISTIC_C = 10.0
#: Training texts that read-outs are fitted to at most, in proportion to the classes: their few numbers are well known
#: by then, and the time and memory of a round no longer grow with the training set.
READOUT_TEXTS = 10_000


@dataclass(frozen=True)
class Stage:
    """What training has reached after one of its parts.

    Attributes:
        probabilities: By scored set, then by read-out: float32 ``[n, outputs]``.
        readouts: The fitted read-outs.
        diagnostics: ``train_loss`` (mean over the last epoch), ``zero_loss_share`` (share of the metric loss's batches
            that gave 0), ``steps``, ``seconds`` (since training began); ``micro_batch`` (texts at a time) where memory
            ran out with whole batches.
        encoder_state: The encoder's weights by name, where they were asked for.
    """

    probabilities: Mapping[str, Mapping[str, Probabilities]]
    readouts: Mapping[str, FittedReadout]
    diagnostics: Mapping[str, float]
    encoder_state: Mapping[str, npt.NDArray[np.float32]] | None = None


def read_out(
    model: Model,
    inputs: Input,
    objective: Objective,
    data: Examples,
    score: Mapping[str, TokenArrays],
    trained: bool,
    heads: bool = True,
) -> tuple[dict[str, FittedReadout], dict[str, dict[str, Probabilities]]]:
    """Every read-out that this training run can have, and its probabilities for each set of ``score``.

    Args:
        trained: Whether anything was; the probe's encoder is as it came.
        heads: Whether what was trained beside the encoder goes with it.

    Raises:
        TrainingFailure: the vectors are not finite, or all training texts get the same vector or class.
    """
    rows, prompts = rows_for_readouts(data.strata), model.prompts
    # With prompts each text is read by several vectors.
    of_each = _as_it_is if prompts is None else prompts.of_each
    left = Trained(
        config=model.config,
        kind=data.kind,
        outputs=data.outputs,
        embeddings=model.embed(inputs.texts(rows)),
        targets=of_each(data.targets if rows is None else data.targets[rows]),
        head_state=objective.head_state() if trained and heads else {},
        loss_state=objective.loss_state() if trained and heads else {},
        logistic_c=LOGISTIC_C if trained else None,
        anchors=None if data.anchors is None else _embedded(model, data.anchors, of_each),
    )
    if not np.isfinite(left.embeddings).all():
        raise TrainingFailure("nan", "the embeddings are not finite")
    fitted = fit_readouts(left, objective.projection_state())
    if trained:
        check_collapse(left, fitted[KINDS[data.kind].target.readout])
    probabilities: dict[str, dict[str, Probabilities]] = {}
    for name, texts in score.items():
        vectors = model.embed(model.prepared(texts))
        found = {r: class_probabilities(f, vectors) for r, f in fitted.items()}
        probabilities[name] = found if prompts is None else {r: prompts.answers(p) for r, p in found.items()}
    return fitted, probabilities


def _as_it_is(targets: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return targets


def _embedded(model: Model, anchors: Anchors, of_each: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> AnchorVectors:
    return AnchorVectors(model.embed(model.prepared(anchors.tokens)), of_each(anchors.targets), anchors.weight)


def rows_for_readouts(strata: npt.NDArray[np.int64]) -> npt.NDArray[np.int64] | None:
    """The texts that read-outs are fitted to, sorted: about :data:`READOUT_TEXTS` of them, and one of every class at
    least; ``None``: all."""
    if len(strata) <= READOUT_TEXTS:
        return None
    # A row of every class, however rare.
    first = np.unique(strata, return_index=True)[1]
    return np.union1d(first, stratified_rows(strata, READOUT_TEXTS, (0,)))
