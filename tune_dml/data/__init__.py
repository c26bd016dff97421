"""Floor 1: tasks, where their texts come from, cleaning, few-shot draws and folds."""

from tune_dml.data.draws import draw_shots
from tune_dml.data.folds import Fold, make_folds, stratified_rows
from tune_dml.data.load import load_task
from tune_dml.data.registry import TASKS, HubSource, TaskSpec
from tune_dml.data.task import Split, Task, per_class
from tune_dml.data.texts import read_texts

__all__ = [
    "TASKS",
    "Fold",
    "HubSource",
    "Split",
    "Task",
    "TaskSpec",
    "draw_shots",
    "load_task",
    "make_folds",
    "per_class",
    "read_texts",
    "stratified_rows",
]
