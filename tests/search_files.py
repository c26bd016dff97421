"""A small ``search.yaml``, for tests that write and read it."""

from __future__ import annotations

import numpy as np

from tune_dml.config import DrawSettings, SearchSettings, TaskSettings
from tune_dml.data import Fold
from tune_dml.results.search_file import SearchFile

TASK = TaskSettings("mine", "/data.csv", label_column="label")
DRAW = DrawSettings(shots=8, folds=2)
ABOUT = SearchFile(
    settings=SearchSettings("one", TASK, DRAW, "bert-tiny", "default", time_budget=60.0),
    kind="single",
    label_names=("bad", "good"),
    source="file /data.csv",
    notes=("1 text dropped.",),
    rows=(0, 1, 2, 3),
    labels=(0, 1, 0, 1),
    hashes=("aa", "bb", "cc", "dd"),
    folds=(Fold(np.array([0, 1]), np.array([2, 3])), Fold(np.array([2, 3]), np.array([0, 1]))),
    official_labels=None,
    encoder_sha256="ee",
    encoder_parameters=9,
    rounds=2,
    by_schedule=False,
    has_test=True,
    max_length=16,
    versions={"threads": 1},
)
