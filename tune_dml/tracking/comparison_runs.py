"""A comparison in MLflow: a parent run in an experiment of their own, and a run below it for each cell."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tune_dml.tracking import names
from tune_dml.tracking.experiment import experiment_of
from tune_dml.tracking.known import every_page
from tune_dml.tracking.mlflow_store import (
    UPLOAD_SECONDS,
    absolute_uri,
    artifact_root,
    connect,
    embedded_uri,
    http_limits,
)
from tune_dml.tracking.request_sizes import shortened

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "comparisons"
_COMPARISON, _CELL = "tune_dml.comparison", "tune_dml.cell"


@dataclass(frozen=True)
class CellTold:
    """What MLflow is told of a cell.

    Attributes:
        name: Of the cell, and of its search, whose own run is in the experiment of its task.
    """

    name: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]


def write_comparison(
    name: str,
    results: Path,
    tracking_uri: str | None,
    description: str,
    cells: Sequence[CellTold],
    files: Iterable[Path],
    *,
    ended: bool,
) -> None:
    """The parent has the description and the files, and every cell a run below it, and no other; what is there is not
    written again.

    Args:
        tracking_uri: ``None``: the embedded store.
        ended: Whether no cell is missing.

    Raises:
        Exception: MLflow's own, or an EnvironmentFault, where the store cannot be written.
    """
    uri = embedded_uri(results) if tracking_uri is None else absolute_uri(tracking_uri)
    client = connect(uri)
    experiment = experiment_of(client, EXPERIMENT, artifact_root(uri, results))
    mark = hashlib.sha256(f"{results.absolute()}\n{name}".encode()).hexdigest()[:16]
    parent = _parent(client, experiment, name, mark)
    client.set_tag(parent, names.NOTE, shortened(description))
    known = {
        run.data.tags.get(_CELL): run.info.run_id
        for run in every_page(
            lambda token: client.search_runs([experiment], f"tags.`{names.PARENT}` = '{parent}'", page_token=token)
        )
    }
    for cell in cells:
        if cell.name not in known:
            _add(client, experiment, parent, cell)
    # Those of draws and arms that it no longer has.
    for gone in set(known) - {cell.name for cell in cells}:
        client.delete_run(known[gone])
    with http_limits(UPLOAD_SECONDS):
        for path in files:
            client.log_artifact(parent, str(path))
    client.set_terminated(parent, "FINISHED" if ended else "KILLED")


def _parent(client: MlflowClient, experiment: str, name: str, mark: str) -> str:
    found = client.search_runs([experiment], f"tags.`{_COMPARISON}` = '{mark}'", max_results=1)
    if found:
        return str(found[0].info.run_id)
    tags = {_COMPARISON: mark, names.KIND: "comparison"}
    return str(client.create_run(experiment, tags=tags, run_name=name).info.run_id)


def _add(client: MlflowClient, experiment: str, parent: str, cell: CellTold) -> None:
    from mlflow.entities import Metric, Param

    tags = {names.PARENT: parent, _CELL: cell.name, names.KIND: "cell"}
    run = client.create_run(experiment, tags=tags, run_name=cell.name).info.run_id
    now = int(time.time() * 1000)
    client.log_batch(
        run,
        metrics=[Metric(key, value, now, 0) for key, value in cell.metrics.items()],
        params=[Param(key, value) for key, value in cell.params.items()],
    )
    client.set_terminated(run)
