"""Encoders, tokens, representations, read-outs, and the model folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tune_dml.models.classifier import Classifier, load_classifier

__all__ = ["Classifier", "load_classifier"]


def __getattr__(name: str) -> Any:
    # Importing torch takes seconds; commands that need only a model's description must not pay them.
    if name in __all__:
        from tune_dml.models import classifier

        return getattr(classifier, name)
    raise AttributeError(name)
