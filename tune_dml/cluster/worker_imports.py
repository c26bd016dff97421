"""Imported by a worker before its first trial, for what it imports: all that a trial needs."""

import gc
import importlib

from tune_dml.execution import collecting_no_garbage

with collecting_no_garbage():
    for _name in (
        "tune_dml.tuning.trainable",
        "tune_dml.evaluation.confirm_runs",
        "transformers.models.auto.modeling_auto",
    ):
        importlib.import_module(_name)
# All this stays as long as the process: no collection during training need go through half a million objects.
gc.freeze()
