"""What the rest of the system knows of a metric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

#: What a model gives for each text, such as class probabilities: ``[n, outputs]``.
Outputs = npt.NDArray[np.float64]
#: What is right for each text, as its kind has it: ``[n]`` or ``[n, ...]``.
Targets = npt.NDArray[Any]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Metric:
    """How good outputs are, given what is right.

    Attributes:
        name: In files, options and MLflow; no other metric has it.
        words, short: In sentences, and at the head of a table.
        of: The metric, of one text at least.
        gains: What each text adds, ``[n]``, more being better: what a standard error can be taken of.
        rows: Values of texts whose mean the metric is, ``[n]``; ``None`` where it is no mean over texts.
        weighted: Where it is none, ``weighted(outputs, targets, weights [b, n])``: the metric on texts that count so
            often, ``[b]``.
        lower_is_better: Whether a smaller value is the better one.
        ties: The metric that breaks its ties: it looks at what is decided, and not at how sure the model is of it.
            ``None``: it looks at both.
    """

    name: str
    words: str
    short: str
    of: Callable[[Outputs, Targets], float]
    gains: Callable[[Outputs, Targets], Values]
    rows: Callable[[Outputs, Targets], Values] | None = None
    weighted: Callable[[Outputs, Targets, npt.NDArray[np.float32]], Values] | None = None
    lower_is_better: bool = False
    ties: str | None = None
