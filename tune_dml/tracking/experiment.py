"""The MLflow experiment of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tune_dml.config import uri_below
from tune_dml.tracking import names

if TYPE_CHECKING:
    from mlflow import MlflowClient


def experiment_of(client: MlflowClient, task: str, artifact_root: str | None) -> str:
    """Its id; it is made if there is none, and comes back if it was deleted.

    Args:
        artifact_root: What its artifacts go below; ``None`` leaves that to the server.
    """
    from mlflow.exceptions import MlflowException

    name = names.experiment_name(task)
    found = client.get_experiment_by_name(name)
    if found is None:
        root = uri_below(artifact_root, names.artifact_folder(task)) if artifact_root else None
        try:
            return str(client.create_experiment(name, artifact_location=root))
        except MlflowException as error:
            found = client.get_experiment_by_name(name)
            if found is None:
                raise error
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)
