"""Two texts, one class."""

from __future__ import annotations

from tune_dml.data.class_target import CLASSES
from tune_dml.data.kind import Kind
from tune_dml.data.text_forms import TWO_TEXTS

PAIR = Kind("pair", TWO_TEXTS, CLASSES, templates="pairs")
