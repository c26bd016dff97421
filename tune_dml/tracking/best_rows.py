"""The best configuration per data set, read out of MLflow alone."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tune_dml.config import Value, keys_of
from tune_dml.tracking import names
from tune_dml.tracking.faults import unreadable
from tune_dml.tracking.known import every_page
from tune_dml.tracking.mlflow_store import connect, http_limits
from tune_dml.tracking.pages import model_page, run_page

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_OWN_METRICS = ("best_cv_",)


@dataclass(frozen=True)
class BestRow:
    """The best search of one task with one number of shots, by the cross-validation score of its winner, or, while it
    runs, of its best trial so far.

    Attributes:
        metric, score: Accuracy and macro F1: higher is better; log loss: lower.
        trial: ``trial_key`` of its winner.
        config: The winner's configuration, flat.
        confirmed: The figures that the search ended with, by their MLflow names.
        searches: How many searches it was the best of.
        page, model_page: Addresses of the search and of its registered model, where MLflow is a server.
    """

    task: str
    shots: str
    draw: str
    protocol: str
    folds: str
    encoder: str
    search: str
    metric: str
    score: float
    trial: str
    config: Mapping[str, Value]
    confirmed: Mapping[str, float]
    experiment_id: str
    run_id: str
    searches: int
    page: str | None = None
    model_page: str | None = None


def best_per_task(tracking_uri: str, task: str | None = None) -> list[BestRow]:
    """One row per task, shots, protocol and metric (scores compare only within), sorted by these.

    Args:
        tracking_uri: A store or server; nothing but MLflow is read.
        task: Only this one.

    Raises:
        EnvironmentFault: MLflow cannot be reached.
    """
    try:
        with http_limits():
            client = connect(tracking_uri)
            rows = _best_per_task(client, task)
            return [_with_pages(client, row, tracking_uri) for row in rows] if tracking_uri.startswith("http") else rows
    except Exception as error:
        raise unreadable(tracking_uri, error) from error


def _best_per_task(client: MlflowClient, task: str | None) -> list[BestRow]:
    groups: dict[tuple[str, ...], list[Run]] = {}
    for run in _searches(client, task):
        tags = run.data.tags
        key = tuple(tags.get(tag, "") for tag in (names.TASK, names.SHOTS, names.PROTOCOL, names.METRIC))
        if math.isfinite(_score(run)):
            groups.setdefault(key, []).append(run)
    rows = []
    for key in sorted(groups, key=_by_shots):
        sign = -1 if names.lower_is_better(key[-1]) else 1
        best = max(groups[key], key=lambda run: sign * _score(run))
        rows.append(_row(client, best, len(groups[key])))
    return rows


def _with_pages(client: MlflowClient, row: BestRow, server: str) -> BestRow:
    models = client.search_model_versions(f"run_id = '{row.run_id}'", max_results=1)
    return replace(
        row,
        page=run_page(server, row.experiment_id, row.run_id),
        model_page=model_page(server, models[0].name) if models else None,
    )


def _by_shots(key: tuple[str, ...]) -> tuple[str, int, tuple[str, ...]]:
    number = key[1].partition("-")[0]
    return key[0], int(number) if number.isdigit() else 1_000_000_000, key[1:]


def _searches(client: MlflowClient, task: str | None) -> list[Run]:
    from mlflow.entities import ViewType

    if task is not None:
        found = client.get_experiment_by_name(names.experiment_name(task))
        experiments = [found] if found is not None else []
    else:
        experiments = every_page(
            lambda token: client.search_experiments(
                ViewType.ACTIVE_ONLY, filter_string=f"name LIKE '{names.PREFIX}%'", page_token=token
            )
        )
    where = f"tags.`{names.KIND}` = 'search'"
    ids = [experiment.experiment_id for experiment in experiments]
    return every_page(lambda token: client.search_runs(ids, where, page_token=token)) if ids else []


def _score(run: Run) -> float:
    """The winner's, which need not be the highest: what is ahead by luck does not win."""
    metric, found = run.data.tags.get(names.METRIC, ""), run.data.metrics
    return float(found.get(names.winner_metric(metric), found.get(names.best_metric(metric), math.nan)))


def _row(client: MlflowClient, run: Run, searches: int) -> BestRow:
    tags, metrics = run.data.tags, run.data.metrics
    metric = tags.get(names.METRIC, "accuracy")
    trial, config = _winner(client, run, metric)
    return BestRow(
        task=tags.get(names.TASK, ""),
        shots=tags.get(names.SHOTS, ""),
        draw=tags.get(names.DRAW, ""),
        protocol=tags.get(names.PROTOCOL, ""),
        folds=tags.get(names.FOLDS, ""),
        encoder=_encoder(tags.get(names.ENCODER, ""), config),
        search=tags.get(names.SEARCH, ""),
        metric=metric,
        score=_score(run),
        trial=trial,
        config=config,
        confirmed={name: value for name, value in metrics.items() if not name.startswith(_OWN_METRICS)},
        experiment_id=str(run.info.experiment_id),
        run_id=run.info.run_id,
        searches=searches,
    )


def _encoder(named: str, config: Mapping[str, Value]) -> str:
    """Of several that were searched, the winner's."""
    found = named.split(", ")
    return dict(zip(keys_of(found), found, strict=True)).get(str(config.get("encoder")), named)


def _winner(client: MlflowClient, run: Run, metric: str) -> tuple[str, dict[str, Value]]:
    """The winner that the search named; while it still runs, its best finished trial so far."""
    tags = run.data.tags
    if tags.get(names.WINNER) and tags.get(names.CONFIG):
        return tags[names.WINNER], json.loads(tags[names.CONFIG])
    if tags.get(names.WINNER):
        condition = f"tags.`{names.TRIAL}` = '{tags[names.WINNER]}'"
    else:
        condition = f"tags.`{names.KIND}` = 'trial' and tags.`{names.STATE}` = 'COMPLETE'"
    order = "ASC" if names.lower_is_better(metric) else "DESC"
    found = client.search_runs(
        [run.info.experiment_id],
        f"tags.`{names.PARENT}` = '{run.info.run_id}' and {condition}",
        order_by=[f"metrics.score {order}"],
        max_results=1,
    )
    if not found:
        return tags.get(names.WINNER, ""), {}
    child = found[0]
    return child.data.tags.get(names.TRIAL, ""), {name: value_of(text) for name, text in child.data.params.items()}


def value_of(text: str) -> Value:
    """The inverse of ``str`` on a hyperparameter's value, for MLflow keeps parameters as text."""
    words: dict[str, Value] = {"None": None, "True": True, "False": False}
    if text in words:
        return words[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
