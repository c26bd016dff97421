"""MLflow, written in the background. Importing this package does not import MLflow."""

from tune_dml.tracking.addresses import with_password, without_password
from tune_dml.tracking.best_rows import BestRow, best_per_task
from tune_dml.tracking.condition import check_store
from tune_dml.tracking.mlflow_store import check_tracking_uri, embedded_uri, tracking_uri_of
from tune_dml.tracking.mlflow_ui import free_port, ui_command, ui_environment
from tune_dml.tracking.moved import follow
from tune_dml.tracking.names import (
    data_name,
    experiment_name,
    model_name,
    protocol_name,
    run_title,
    shots_name,
    trial_key,
)
from tune_dml.tracking.pages import (
    experiment_page,
    experiments_page,
    model_page,
    model_page_of,
    run_page,
    search_page,
)
from tune_dml.tracking.pending import parent_of
from tune_dml.tracking.reconciling import reconcile_search
from tune_dml.tracking.told import Finish, ModelRegistration, TrainingData
from tune_dml.tracking.writer import Tracker

__all__ = [
    "BestRow",
    "Finish",
    "ModelRegistration",
    "Tracker",
    "TrainingData",
    "best_per_task",
    "check_store",
    "check_tracking_uri",
    "data_name",
    "embedded_uri",
    "experiment_name",
    "experiment_page",
    "experiments_page",
    "follow",
    "free_port",
    "model_name",
    "model_page",
    "model_page_of",
    "parent_of",
    "protocol_name",
    "reconcile_search",
    "run_page",
    "run_title",
    "search_page",
    "shots_name",
    "tracking_uri_of",
    "trial_key",
    "ui_command",
    "ui_environment",
    "with_password",
    "without_password",
]
