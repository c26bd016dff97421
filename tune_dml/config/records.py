"""What is known of trials and of confirm runs: written by the trial loop, read by tables, statistics and MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from tune_dml.config.domains import Value

#: Of texts: float32 ``[n, outputs]``.
Probabilities = npt.NDArray[np.float32]
#: By the name of the metric, in the order in which its kind has them, the default one first.
Scores = Mapping[str, float]


class State(StrEnum):
    """Where a trial stands. The names are Optuna's."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    PRUNED = "PRUNED"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Round:
    """One round of one trial: trained on one part of the draw, scored on rows it has not seen.

    Attributes:
        number: 1, 2, ...
        rows: Positions, in the draw, of the rows scored: int64 ``[n]``.
        probabilities: By read-out, class probabilities of those rows: float32 ``[n, classes]``.
        scores: Of the read-out that trials are steered by.
        seconds: Wall time of training and scoring.
        diagnostics: For example ``train_loss``, ``zero_loss_share``, ``steps``.
    """

    number: int
    rows: npt.NDArray[np.int64] = field(repr=False)
    probabilities: Mapping[str, Probabilities] = field(repr=False)
    scores: Scores
    seconds: float
    diagnostics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class TrialRecord:
    """One configuration and what its rounds gave.

    Attributes:
        number: Optuna's trial number; among baselines, 0 is ``probe`` and 1 is ``reference_ce``, of the first encoder.
        kind: ``"trial"`` or ``"baseline"``.
        name: What it is called in tables and in MLflow: ``"supcon #7"``, ``"probe"``.
        params: The resolved configuration, flat (``Configuration.to_dict``).
        reason, message: Why it failed or was stopped, for example ``"nan"``, and what is known of it in words.
        given: Whether the space begins with it; the sampler proposed it otherwise.
    """

    number: int
    kind: str
    name: str
    state: State
    params: Mapping[str, Value]
    rounds: tuple[Round, ...] = field(default=(), repr=False)
    reason: str | None = None
    message: str | None = None
    given: bool = False

    @property
    def encoder(self) -> str:
        """What the search calls its encoder; empty where it has no other."""
        return str(self.params.get("encoder") or "")

    @property
    def loss(self) -> str:
        return self.name if self.kind == "baseline" else str(self.params.get("loss", "ce"))


@dataclass(frozen=True)
class SoupRound:
    """What a soup of a configuration's seeds, and each of these seeds, say of a round's held-out rows.

    Attributes:
        candidate: The :attr:`TrialRecord.name` of the configuration.
        number: Of the round.
        rows: As of :class:`Round`.
        readout: The soup's.
        soup: Class probabilities: float32 ``[n, classes]``.
        seeds: Likewise of each seed, with the configuration's own read-out.
        seconds: Wall time of all of it.
    """

    candidate: str
    number: int
    rows: npt.NDArray[np.int64] = field(repr=False)
    readout: str
    soup: Probabilities = field(repr=False)
    seeds: tuple[Probabilities, ...] = field(repr=False)
    seconds: float


@dataclass(frozen=True)
class ConfirmRun:
    """One candidate retrained on the whole draw with one seed and scored on the test split.

    Attributes:
        candidate: The :attr:`TrialRecord.name` of what was retrained.
        seed: 0, 1, ...
        probabilities: By read-out, of the test rows in order: float32 ``[n_test, classes]``.
        reason: Why the run failed (then ``probabilities`` is empty); ``None`` otherwise.
    """

    candidate: str
    seed: int
    probabilities: Mapping[str, Probabilities] = field(repr=False)
    seconds: float
    reason: str | None = None
