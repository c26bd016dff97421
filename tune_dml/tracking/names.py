"""What things are called in MLflow: experiments, runs, tags, metrics and models."""

from __future__ import annotations

import re
from pathlib import PurePath

from tune_dml.config import DrawSettings, SearchSettings, TrialRecord

PREFIX = "tune-dml/"
SEARCH = "tune_dml.search"
SEARCH_ID = "tune_dml.search_id"
TRIAL = "tune_dml.trial"
KIND = "tune_dml.kind"
STATE = "tune_dml.state"
ROUNDS = "tune_dml.rounds"
REASON = "tune_dml.reason"
LOSS = "tune_dml.loss"
METRIC = "tune_dml.metric"
WINNER = "tune_dml.winner"
CONFIG = "tune_dml.config"
DIGEST = "tune_dml.model_digest"
SCORE = "tune_dml.score"
TASK = "tune_dml.task"
SHOTS = "tune_dml.shots"
DRAW = "tune_dml.draw"
ENCODER = "tune_dml.encoder"
PROTOCOL = "tune_dml.protocol"
FOLDS = "tune_dml.folds"
PARENT = "mlflow.parentRunId"
NOTE = "mlflow.note.content"


def shots_name(draw: DrawSettings) -> str:
    """``"50"``, ``"16-per-class"`` or ``"full"``."""
    if draw.shots_per_class is not None:
        return f"{draw.shots_per_class}-per-class"
    return "full" if draw.shots is None else str(draw.shots)


def protocol_name(draw: DrawSettings) -> str:
    """How configurations were scored: ``"cv 5x1"``, ``"holdout"`` or ``"official"``."""
    return f"cv {folds_name(draw)}" if draw.validation == "cv" else draw.validation


def folds_name(draw: DrawSettings) -> str:
    """Folds times repeats: ``"5x1"``."""
    return f"{draw.folds}x{draw.repeats}"


def experiment_name(task: str) -> str:
    """``"tune-dml/SST2"``."""
    return PREFIX + task


def run_title(settings: SearchSettings) -> str:
    """``"SST2 · 50 shots · all-MiniLM-L6-v2 · <name>"``."""
    shots = _shots_words(settings.draw)
    return f"{settings.task.task} · {shots} · {encoder_name(settings.encoder)} · {settings.name}"


def _shots_words(draw: DrawSettings) -> str:
    words = shots_name(draw).replace("-per-class", " shots per class")
    return f"{words} shots" if words.isdigit() else words


def data_name(settings: SearchSettings) -> str:
    """``"SST2 · 50 shots · draw 0"``."""
    return f"{settings.task.task} · {_shots_words(settings.draw)} · draw {settings.draw.draw}"


def encoder_name(encoder: str) -> str:
    """The last part of a folder; a hub name stays as it is."""
    return PurePath(encoder).name if encoder.startswith(("/", ".", "~")) else encoder


def model_name(settings: SearchSettings) -> str:
    """Of the registered model. MLflow refuses ``/`` and ``:``; other odd characters go too."""
    return slug(f"tune-dml-{settings.task.task}-{shots_name(settings.draw)}")


def slug(words: str) -> str:
    """What can name a folder everywhere: letters, digits, ``.``, ``_`` and ``-`` stay, runs of anything else become one
    ``-``; at most 100 characters, and none where there is no letter or digit."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", words).strip("-.")[:100].strip("-.")


def trial_key(record: TrialRecord) -> str:
    """A trial's identity in a search: ``"trial-7"``, ``"baseline-0"``."""
    return f"{record.kind}-{record.number}"


def best_metric(metric: str) -> str:
    """The parent's curve of the best score so far."""
    return f"best_cv_{metric}"


def lower_is_better(metric: str) -> bool:
    """Whether a smaller value of the search's metric is the better one."""
    return metric == "log_loss"


def search_tags(settings: SearchSettings, search_id: str) -> dict[str, str]:
    """Tags that the parent, its trials and the model version share."""
    return {
        SEARCH: settings.name,
        SEARCH_ID: search_id,
        TASK: settings.task.task,
        SHOTS: shots_name(settings.draw),
        DRAW: str(settings.draw.draw),
        ENCODER: settings.encoder,
        PROTOCOL: settings.draw.validation,
        FOLDS: folds_name(settings.draw),
        METRIC: settings.metric,
    }
