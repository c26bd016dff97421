"""What a search was asked to do: resolved once by the driver, written to ``search.yaml``, all that a resume needs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from tune_dml.config.commands import DEFAULT_RESULTS
from tune_dml.config.documents import from_values
from tune_dml.config.encoder_keys import keys_of
from tune_dml.errors import ResultsError

VALIDATIONS = ("cv", "holdout", "official")
SEARCHERS = ("tpe", "random")
SCHEDULERS = ("asha", "none")
#: What trials are held against: the untouched encoder with a logistic regression, and the usual cross entropy.
BASELINES = ("probe", "reference_ce")
#: Of forward passes. Weights, losses and optimizer states are always float32.
PRECISIONS = ("float32", "bfloat16")
#: Which tokens of a text are kept that is too long: the first, the last, or as many of either.
TRUNCATIONS = ("head", "tail", "head+tail")
_IF_ANY = ("encoders", "adapt_mlm", "unlabelled")


@dataclass(frozen=True)
class TaskSettings:
    """Which labelled texts: the arguments of ``tune_dml.data.load_task``.

    Attributes:
        data: An absolute path or ``None``.
        encoding: Of text files; ``None`` finds it.
        header: Whether the first row of a CSV or TSV file holds the names of its columns.
        kind: Of the task; ``None``: as it is known for, else one with classes.
        drop_unknown_labels: Leave rows of the test and validation splits out whose label no training text carries.
    """

    task: str
    data: str | None = None
    text_columns: tuple[str, ...] = ()
    label_column: str | None = None
    group_column: str | None = None
    no_test: bool = False
    encoding: str | None = None
    header: bool = True
    drop_unknown_labels: bool = False
    kind: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Without a kind that nobody has named."""
        return {name: value for name, value in asdict(self).items() if name != "kind" or value is not None}


@dataclass(frozen=True)
class DrawSettings:
    """Which of them are the labels there are, and how they are split.

    Attributes:
        shots: Labelled examples in all; ``None`` means every one (``full``).
        shots_per_class: The other convention; excludes ``shots``.
        draw: Seed of the few-shot sample.
        folds, repeats: Of cross validation inside the draw.
        validation: ``cv``, ``holdout`` (one fixed fifth of the draw) or ``official`` (the task's validation split).
    """

    shots: int | None = 50
    shots_per_class: int | None = None
    draw: int = 0
    folds: int = 5
    repeats: int = 1
    validation: str = "cv"


@dataclass(frozen=True)
class SearchSettings:
    """One search, resolved: no default is left to be looked up later.

    Attributes:
        space, space_text: The path or shipped name that was given; the resolved text, so that a resume does not depend
            on the file.
        loss_plugins: Where losses of other packages are. A resume imports them only if it is told to again.
        protocol: One sentence: how configurations are selected and scored.
        trials: Configurations to try, baselines not counted.
        time_budget: Seconds for the whole job, confirm included, or ``None``.
        max_rounds, training_budget: Rounds, and seconds of them, that trials may spend in all, or ``None``.
        concurrency, elastic: Trials at a time; whether machines that join the cluster later raise it.
        tracking_uri: MLflow's; ``None`` means the embedded store below ``results``.
        truncation: Which tokens are kept of a text that is longer than ``max_length``.
        prefix: What every text begins with when the encoder reads it.
        representation: The encoder's own, of baselines and where the space says nothing of it.
        encoders: All of them where several are searched; ``encoder``, ``space_text``, ``prefix`` and ``representation``
            are the first one's.
        reference_ce: Whether a cross entropy as it is usually set runs beside the trials; the frozen probe always does.
        adapt_mlm, unlabelled: Masked-LM steps before all trials, and the file of their texts, if it is not the task's.
        soup: Whether the winner's seeds are mixed into one model, if that is not clearly worse.
        store, store_every: Where a copy of the search's folder is kept, and how often it is brought up to date.
    """

    name: str
    task: TaskSettings
    draw: DrawSettings
    encoder: str
    space: str
    losses: tuple[str, ...] = ()
    loss_plugins: tuple[str, ...] = ()
    trials: int = 16
    time_budget: float | None = None
    max_rounds: int | None = None
    training_budget: float | None = None
    searcher: str = "tpe"
    scheduler: str = "asha"
    metric: str = "accuracy"
    cpus_per_trial: float = 1.0
    gpus_per_trial: float = 0.0
    concurrency: int = 1
    elastic: bool = False
    address: str | None = None
    results: str = DEFAULT_RESULTS
    tracking_uri: str | None = None
    store: str | None = None
    store_every: float = 30.0
    seed: int = 0
    device: str = "cpu"
    precision: str = "float32"
    space_text: str = ""
    protocol: str = ""
    confirm: bool = True
    confirm_seeds: int = 5
    confirm_others: bool = True
    save_model: bool = True
    ensemble: bool = False
    truncation: str = "head"
    prefix: str = ""
    representation: str = "mean"
    encoders: tuple[str, ...] = ()
    reference_ce: bool = True
    soup: bool = True
    adapt_mlm: int | None = None
    unlabelled: str | None = None

    @property
    def baselines(self) -> tuple[str, ...]:
        """Of each encoder, in the order in which they are run."""
        return BASELINES if self.reference_ce else BASELINES[:1]

    @property
    def encoder_names(self) -> tuple[str, ...]:
        """Of all encoders, as they were given."""
        return self.encoders or (self.encoder,)

    def encoder_called(self, key: str) -> str:
        """The name, as it was given, of the encoder that trials call so."""
        return dict(zip(keys_of(self.encoder_names), self.encoder_names, strict=True)).get(key, self.encoder)

    def to_dict(self) -> dict[str, Any]:
        """Without several encoders where there is one, and without masked-LM steps where there are none."""
        values = asdict(self) | {"task": self.task.to_dict()}
        return {name: value for name, value in values.items() if name not in _IF_ANY or value}


def settings_from(values: Any, where: str) -> SearchSettings:
    """The inverse of :meth:`SearchSettings.to_dict`, for ``search.yaml``."""
    try:
        known = {field.name for field in fields(SearchSettings)}
        found = {name: value for name, value in values.items() if name in known}
        # Searches of before there were any.
        return from_values(SearchSettings, {"soup": False, **found})
    except (AttributeError, TypeError, ValueError) as error:
        raise ResultsError(f"{where} is not a complete search.yaml ({error}); was it edited?") from None
