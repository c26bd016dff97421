"""One text, any number of labels."""

from __future__ import annotations

from tune_dml.data.kind import Kind
from tune_dml.data.label_set_target import LABEL_SETS
from tune_dml.data.text_forms import ONE_TEXT

MULTILABEL = Kind("multilabel", ONE_TEXT, LABEL_SETS)
