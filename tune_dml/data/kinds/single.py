"""One text, one class."""

from __future__ import annotations

from tune_dml.data.class_target import CLASSES
from tune_dml.data.kind import Kind
from tune_dml.data.text_forms import ONE_TEXT

SINGLE = Kind("single", ONE_TEXT, CLASSES)
