"""One text, or two, and a number."""

from __future__ import annotations

from tune_dml.data.kind import Kind
from tune_dml.data.number_target import NUMBERS, PAIRED_NUMBERS
from tune_dml.data.text_forms import ONE_TEXT, TWO_TEXTS

REGRESSION = Kind("regression", ONE_TEXT, NUMBERS, space="regression", of_pairs="similarity", templates="sentiment")
SIMILARITY = Kind(
    "similarity",
    TWO_TEXTS,
    PAIRED_NUMBERS,
    space="similarity",
    pair_encoding="similarity",
    templates="similarity",
)
