"""Tasks, where their texts come from, cleaning, few-shot draws and folds."""

from tune_dml.data.balance import has_majority, majority_rate, majority_share
from tune_dml.data.class_texts import read_class_texts
from tune_dml.data.decoding import check_encoding
from tune_dml.data.draws import draw_shots
from tune_dml.data.folds import Fold, make_folds, stratified_rows
from tune_dml.data.json_lines import json_text
from tune_dml.data.kind import KINDS, METRICS, Code, Kind, Target, kind_named, metric_named
from tune_dml.data.kinds import PAIR, SINGLE, usual_kind
from tune_dml.data.known_classes import KnownClasses
from tune_dml.data.known_tasks import TASKS, HubSource, TaskSpec, spec_named
from tune_dml.data.load import load_task
from tune_dml.data.metric import Metric
from tune_dml.data.reading import read_table
from tune_dml.data.shipped_templates import SHIPPED
from tune_dml.data.spoken_names import LabelTexts, label_texts, label_texts_from, say_nothing, spoken_names
from tune_dml.data.tables import Reading
from tune_dml.data.task import Split, Task, per_class
from tune_dml.data.template import MASK, Template, read_templates, template, templates
from tune_dml.data.template_pools import mean_dissimilarity, most_diverse
from tune_dml.data.texts import Texts, cell_text, decode_lines, read_texts

__all__ = [
    "KINDS",
    "MASK",
    "METRICS",
    "PAIR",
    "SHIPPED",
    "SINGLE",
    "TASKS",
    "Code",
    "Fold",
    "HubSource",
    "Kind",
    "KnownClasses",
    "LabelTexts",
    "Metric",
    "Reading",
    "Split",
    "Target",
    "Task",
    "TaskSpec",
    "Template",
    "Texts",
    "cell_text",
    "check_encoding",
    "decode_lines",
    "draw_shots",
    "has_majority",
    "json_text",
    "kind_named",
    "label_texts",
    "label_texts_from",
    "load_task",
    "majority_rate",
    "majority_share",
    "make_folds",
    "mean_dissimilarity",
    "metric_named",
    "most_diverse",
    "per_class",
    "read_class_texts",
    "read_table",
    "read_templates",
    "read_texts",
    "say_nothing",
    "spec_named",
    "spoken_names",
    "stratified_rows",
    "template",
    "templates",
    "usual_kind",
]
