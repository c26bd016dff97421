"""The kinds of task, a file each."""

from __future__ import annotations

from tune_dml.data.kind import Kind
from tune_dml.data.kinds.multilabel import MULTILABEL
from tune_dml.data.kinds.pair import PAIR
from tune_dml.data.kinds.regression import REGRESSION, SIMILARITY
from tune_dml.data.kinds.single import SINGLE

__all__ = ["MULTILABEL", "PAIR", "REGRESSION", "SIMILARITY", "SINGLE", "usual_kind"]

for _kind in (SINGLE, PAIR, MULTILABEL, REGRESSION, SIMILARITY):
    _kind.register()


def usual_kind(texts: int) -> Kind:
    """Of a task of so many texts, where nobody says which."""
    return next(kind for kind in (SINGLE, PAIR) if kind.texts.count == texts)
