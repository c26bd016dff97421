"""What things are called in MLflow: experiments, runs, tags, metrics and models."""

from __future__ import annotations

import re
from pathlib import PurePath
from urllib.parse import quote

from tune_dml.config import DrawSettings, SearchSettings, TrialRecord, distinct_slug
from tune_dml.data import METRICS

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
#: Characters: what databases keep of the name of a run, and of an artifact's folder beside the rest of its address.
_LONGEST_TITLE, _LONGEST_FOLDER = 250, 60
#: Of a title, so that what follows is seen.
_LONGEST_ENCODERS = 120


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
    encoders = ", ".join(map(encoder_name, settings.encoder_names))[:_LONGEST_ENCODERS]
    title = f"{settings.task.task} · {shots} · {encoders} · {settings.name}"
    return title[:_LONGEST_TITLE]


def _shots_words(draw: DrawSettings) -> str:
    words = shots_name(draw).replace("-per-class", " shots per class")
    return f"{words} shots" if words.isdigit() else words


def data_name(settings: SearchSettings) -> str:
    """``"SST2 · 50 shots · draw 0"``."""
    return f"{settings.task.task} · {_shots_words(settings.draw)} · draw {settings.draw.draw}"


def encoder_name(encoder: str) -> str:
    """The last part of a folder; a hub name stays as it is."""
    return PurePath(encoder).name if encoder.startswith(("/", ".", "~")) else encoder


def model_name(settings: SearchSettings, mark: str = "") -> str:
    """Of the registered model: another one for every task and number of shots. MLflow refuses ``/`` and ``:``; whatever
    can name no folder goes too, and leaves a digest.

    Args:
        mark: What tells it from a model of that name which is not the task's.
    """
    words = [distinct_slug(settings.task.task), mark, shots_name(settings.draw)]
    return "-".join(["tune-dml", *filter(None, words)])


def former_model_name(settings: SearchSettings) -> str:
    """What earlier versions of tune-dml registered it as, where several tasks might meet."""
    words = f"tune-dml-{settings.task.task}-{shots_name(settings.draw)}"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", words).strip("-.")[:100].strip("-.")


def artifact_folder(task: str) -> str:
    """Where a task's artifacts are: a short name, also where it is quoted as a part of a URI."""
    longest = _LONGEST_FOLDER
    while len(quote(folder := distinct_slug(task, longest))) > _LONGEST_FOLDER:
        longest -= 1
    return folder


def trial_key(record: TrialRecord) -> str:
    """A trial's identity in a search: ``"trial-7"``, ``"baseline-0"``."""
    return f"{record.kind}-{record.number}"


def best_metric(metric: str) -> str:
    """The parent's curve of the best score so far."""
    return f"best_cv_{metric}"


def winner_metric(metric: str) -> str:
    """The winner's cross-validation score, of the parent of a search that has ended."""
    return f"cv_{metric}"


def lower_is_better(metric: str) -> bool:
    """Whether a smaller value of the search's metric is the better one."""
    about = METRICS.get(metric)
    return about is not None and about.lower_is_better


def search_tags(settings: SearchSettings, search_id: str) -> dict[str, str]:
    """Tags that the parent, its trials and the model version share."""
    return {
        SEARCH: settings.name,
        SEARCH_ID: search_id,
        TASK: settings.task.task,
        SHOTS: shots_name(settings.draw),
        DRAW: str(settings.draw.draw),
        ENCODER: ", ".join(settings.encoder_names),
        PROTOCOL: settings.draw.validation,
        FOLDS: folds_name(settings.draw),
        METRIC: settings.metric,
    }
