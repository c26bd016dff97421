"""Imported by the server of ``command.py``, for what it imports: what most commands need."""

import gc
import importlib

from tune_dml.execution import collecting_no_garbage

with collecting_no_garbage():
    for _name in (
        "tune_dml.cli",
        "tune_dml.workflows.search",
        "tune_dml.workflows.resume",
        "tune_dml.tuning.trainable",
        "mlflow.store.tracking.sqlalchemy_store",
        "mlflow.store.model_registry.sqlalchemy_store",
        "mlflow.pyfunc",
        "transformers.models.bert.modeling_bert",
        "transformers.models.bert.tokenization_bert",
        "ray.tune",
        "pyarrow.parquet",
        "rich.progress",
    ):
        importlib.import_module(_name)
# The server's forks share it, and never look through it.
gc.freeze()
