"""What a read-out is: how classes are read from embeddings once the encoder is trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tune_dml.config import Probabilities, Value
from tune_dml.recipe import Configuration

Embeddings = npt.NDArray[np.float32]


class AnchorVectors(NamedTuple):
    """Embeddings of texts that describe classes, and the class of each; each counts as ``weight`` training texts."""

    embeddings: Embeddings
    targets: npt.NDArray[Any]
    weight: float


@dataclass(frozen=True)
class Trained:
    """What training leaves behind for read-outs to use.

    Attributes:
        config: The configuration that was trained.
        kind: The name of the kind of task.
        outputs: How many numbers a read-out gives for each text: of classes one for each.
        embeddings: Of the training texts by the final encoder, float32 ``[n, dimension]``.
        targets: What is right for each, as the kind has it.
        head_state: Parameters of the cross-entropy head (:class:`tune_dml.models.head.ClassificationHead`) by name;
            empty if cross entropy had no part in the training loss.
        loss_state: The metric loss's own parameters by name; empty if it has none.
        logistic_c: Inverse strength of the ``logistic`` read-out's penalty; ``None`` picks it by cross validation.
        anchors: What stands for classes beside their training texts, for read-outs by class mean.
    """

    config: Configuration
    kind: str
    outputs: int
    embeddings: Embeddings
    targets: npt.NDArray[Any]
    head_state: Mapping[str, npt.NDArray[np.float32]]
    loss_state: Mapping[str, npt.NDArray[np.float32]]
    logistic_c: float | None
    anchors: AnchorVectors | None = None


@dataclass(frozen=True)
class FittedReadout:
    """A read-out ready for new embeddings: arrays and plain values only, so that it is saved without pickles."""

    name: str
    arrays: Mapping[str, npt.NDArray[np.float32]]
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadoutSpec:
    """A read-out.

    Attributes:
        available: Whether this training run can have it.
        fit: From what training left.
        probabilities: ``probabilities(fitted, embeddings [n, dimension])`` gives float32 ``[n, outputs]``; of
            classes, rows sum to 1.
        tempered: ``tempered(probabilities, temperature)``: the same, more or less sure; ``None`` where that cannot be.
    """

    name: str
    description: str
    available: Callable[[Trained], bool]
    fit: Callable[[Trained], FittedReadout]
    probabilities: Callable[[FittedReadout, Embeddings], Probabilities]
    tempered: Callable[[Probabilities, float], Probabilities] | None = lambda p, temperature: tempered(p, temperature)


def tempered(probabilities: Probabilities, temperature: float) -> Probabilities:
    """To the power 1 / ``temperature``, rows summing to 1 again."""
    return probabilities if temperature == 1.0 else softmax(np.log(np.maximum(probabilities, 1e-30)) / temperature)


def softmax(logits: npt.NDArray[np.floating]) -> Probabilities:
    """Row-wise, in float64."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    result: Probabilities = (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32)
    return result


def unit(embeddings: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Rows scaled to length 1; a zero row stays zero."""
    wide = embeddings.astype(np.float64)
    scaled: npt.NDArray[np.float64] = wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-12)
    return scaled
