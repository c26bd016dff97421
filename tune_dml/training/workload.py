"""What all training runs of a search share, and the two things a worker does with it: rounds and confirm runs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from tune_dml.config import Round, Value
from tune_dml.data import KINDS, SINGLE, Fold
from tune_dml.errors import ConfigurationError, nearest
from tune_dml.losses import LOSSES, add_plugins, check
from tune_dml.models.encoder import EncoderBundle
from tune_dml.models.tokens import TokenArrays
from tune_dml.recipe import INGREDIENTS, Configuration, configuration_from
from tune_dml.training.examples import Anchors, Examples
from tune_dml.training.fit import fit, fit_once
from tune_dml.training.scoring import score
from tune_dml.training.stage import Stage

#: Rounds of a trial whose rounds are parts of its own schedule.
SCHEDULE_ROUNDS = 5


@dataclass(frozen=True, eq=False)
class Workload:
    """The data of a search, read-only: it travels to the workers once.

    Attributes:
        encoder: Weights.
        tokens, labels: Of the draw: the labelled texts there are, and their targets as the kind has them.
        kind: The name of the kind of task.
        outputs: How many numbers a model gives for each text: of classes one for each.
        folds: Training and held-out parts. Several: a round is a fold. One: a round is a fifth of the schedule.
        official, official_labels: The validation split that an ``official`` fold's held-out rows index.
        named: By wording, positions in ``tokens`` and ``labels`` of texts made of the classes' names; they follow the
            draw's.
        loss_plugins: Losses of other packages that every worker imports.
        seed: The search's; each round's seed follows from it, the same for all trials.
    """

    encoder: EncoderBundle = field(repr=False)
    tokens: TokenArrays = field(repr=False)
    labels: npt.NDArray[Any] = field(repr=False)
    kind: str
    outputs: int
    folds: tuple[Fold, ...] = field(repr=False)
    official: TokenArrays | None = field(default=None, repr=False)
    official_labels: npt.NDArray[Any] | None = field(default=None, repr=False)
    named: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict, repr=False)
    loss_plugins: tuple[str, ...] = ()
    seed: int = 0
    device: str = "cpu"
    precision: str = "float32"

    @property
    def shots(self) -> int:
        """How many labelled texts there are."""
        return min((int(rows.min()) for rows in self.named.values() if len(rows)), default=len(self.labels))

    def examples(self, config: Configuration | None = None, rows: npt.NDArray[np.int64] | None = None) -> Examples:
        """What may be learnt from: the shots at ``rows`` (``None``: all), and what ``config`` adds to them.

        Raises:
            ConfigurationError: it wants texts of the classes' names, of which there are none in its wording.
        """
        everything = Examples(self.tokens, self.labels, self.kind, self.outputs)
        added = {} if config is None else config.on().get("label_texts", {})
        if rows is None and not self.named and not added:
            return everything
        rows = np.arange(self.shots, dtype=np.int64) if rows is None else rows
        if added:
            if added["wording"] not in self.named:
                raise ConfigurationError(f"label_texts: there are none here in the wording '{added['wording']}'.")
            texts = self.named[added["wording"]]
            anchors = Anchors(self.tokens.take(texts), self.labels[texts], added["anchors"])
            found = everything.take(np.concatenate([rows, np.tile(texts, added["copies"])]))
            return replace(found, anchors=anchors) if anchors.weight else found
        return everything.take(rows)

    @property
    def by_schedule(self) -> bool:
        """Whether rounds are parts of one schedule (then the latest score counts) instead of folds (the mean does)."""
        return len(self.folds) == 1

    @property
    def rounds(self) -> int:
        return SCHEDULE_ROUNDS if self.by_schedule else len(self.folds)

    def heldout(self, fold: Fold) -> TokenArrays:
        """Texts that are scored of a fold."""
        if not fold.official:
            return self.tokens.take(fold.heldout)
        assert self.official is not None
        return self.official.take(fold.heldout)

    def heldout_labels(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Targets of a round's scored rows."""
        return (self.labels if self.official_labels is None else self.official_labels)[rows]


def derived_seed(*parts: object) -> int:
    """A seed that depends on every part and on nothing else: 0 to 2**31 - 1."""
    digest = hashlib.sha256("/".join(str(p) for p in parts).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def single_thread() -> None:
    """One thread for everything: two processes with two threads each on two cores are ten times slower, and the order
    of additions, so the last digits of every number, depends on the count."""
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def ready(workload: Workload) -> None:
    """Before a process runs anything of ``workload``: one thread, and the losses of other packages."""
    single_thread()
    add_plugins(workload.loss_plugins)


def resolve(params: Mapping[str, Value], where: str = "configuration") -> Configuration:
    """A checked configuration with every default filled in.

    Raises:
        ConfigurationError: an unknown or out-of-range value, or hyperparameters of a loss that does not exist.
    """
    for name, value in params.items():
        group, slash, _ = name.partition("/")
        if (slash or isinstance(value, Mapping)) and group not in LOSSES and group not in INGREDIENTS:
            raise ConfigurationError(f"{where}: '{name}' belongs to no loss: {nearest(group, LOSSES)}")
    return check(configuration_from(params, where))


def baseline(
    name: str, encoder_size: str, max_length: int, representation: str = "mean", kind: str = SINGLE.name
) -> Configuration:
    """The configuration of a baseline.

    ``probe``: logistic regression, its C by cross validation, on the untouched encoder's embeddings; of numbers, ridge
    regression. ``reference_ce``: the usual cross-entropy recipe, or of numbers squared error (learning rate 1e-4 for
    small encoders, 2e-5 for base, 1e-5 for large ones; 20 epochs, batch 16, 10% warm-up, linear decay, head at 1e-3).

    Args:
        representation: The mean over tokens, or the encoder's own.
        kind: Of the task.
    """
    of, loss = {"pair_encoding": KINDS[kind].pair_encoding}, KINDS[kind].target.head_loss
    base = Configuration(loss=loss, max_length=max_length, representation=representation).changed(**of)
    if name == "probe":
        return replace(base, epochs=0, trainable_layers=0)
    return replace(base, lr={"small": 1e-4, "base": 2e-5}.get(encoder_size, 1e-5))


def run_rounds(workload: Workload, config: Configuration, start: int = 1) -> Iterator[Round]:
    """The rounds of one trial from number ``start`` on.

    Raises:
        TrainingFailure: see :func:`tune_dml.training.fit.fit`.
    """
    if workload.by_schedule:
        for number, stage in enumerate(_stages(workload, config, 1, workload.rounds), 1):
            if number >= start:
                yield _round(workload, number, workload.folds[0], stage)
        return
    for number in range(start, workload.rounds + 1):
        yield run_fold(workload, config, number)


def run_fold(workload: Workload, config: Configuration, number: int) -> Round:
    """Round ``number`` of a trial whose rounds are folds; it depends on no other round.

    Raises:
        TrainingFailure: see :func:`tune_dml.training.fit.fit`.
    """
    [stage] = _stages(workload, config, number, 1)
    return _round(workload, number, workload.folds[number - 1], stage)


def round_seed(search_seed: int, number: int) -> int:
    """The seed of round ``number``, the same for every trial of the search."""
    return derived_seed("round", search_seed, number)


def run_confirm(
    workload: Workload, config: Configuration, seed: int, test: TokenArrays | None, keep_encoder: bool = False
) -> Stage:
    """Train on the whole draw with confirm seed ``seed``; score the test texts (set ``test``) if there are any."""
    return fit_once(
        config,
        workload.encoder,
        workload.examples(config),
        {} if test is None else {"test": test},
        seed=derived_seed("confirm", workload.seed, seed),
        keep_encoder=keep_encoder,
        device=workload.device,
        precision=workload.precision,
    )


def _stages(workload: Workload, config: Configuration, number: int, stages: int) -> Iterator[Stage]:
    """Train on fold ``number``'s training part, and score its held-out part after each of so many parts of that."""
    fold = workload.folds[number - 1]
    return fit(
        config,
        workload.encoder,
        workload.examples(config, fold.train),
        {"heldout": workload.heldout(fold)},
        seed=round_seed(workload.seed, number),
        stages=stages,
        device=workload.device,
        precision=workload.precision,
    )


def _round(workload: Workload, number: int, fold: Fold, stage: Stage) -> Round:
    probabilities = stage.probabilities["heldout"]
    diagnostics = dict(stage.diagnostics)
    seconds = diagnostics.pop("seconds")
    kind = KINDS[workload.kind]
    scores = score(kind, probabilities[kind.target.readout], workload.heldout_labels(fold.heldout))
    return Round(number, fold.heldout, probabilities, scores, seconds, diagnostics)
