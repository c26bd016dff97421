"""The registered model: MLflow loads it from this code and the model folder, without a pickle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from tune_dml.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

Texts = list[str] | list[tuple[str, str]]


class Classifier(Protocol):
    """What ``tune_dml.models.load_classifier`` gives."""

    @property
    def label_names(self) -> tuple[str, ...]: ...

    def predict_proba(self, texts: Any) -> npt.NDArray[np.floating[Any]]: ...


class TextClassifierModel:
    """``predict`` takes what MLflow hands over and answers with a table."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Labels and probabilities, one row per text.

        Args:
            model_input: A DataFrame with the column ``text`` (or one column of any name), for pairs ``text_a`` and
                ``text_b``; or a list of texts, of pairs, or of such rows as dicts.
            params: Ignored; MLflow passes it.

        Returns:
            Columns ``label`` and, for each class, ``p(<class>)`` in [0, 1].

        Raises:
            DataError: the input has neither form.
        """
        import numpy as np
        import pandas as pd

        names = self.classifier.label_names
        texts = texts_of(model_input)
        if not texts:
            return pd.DataFrame(columns=["label", *probability_columns(names)])
        probabilities = np.asarray(self.classifier.predict_proba(texts), dtype=np.float64)
        table = pd.DataFrame(probabilities, columns=probability_columns(names))
        table.insert(0, "label", [names[best] for best in probabilities.argmax(axis=1)])
        return table


def probability_columns(label_names: Sequence[str]) -> list[str]:
    """The columns that hold the class probabilities, in their order."""
    return [f"p({name})" for name in label_names]


def texts_of(model_input: Any) -> Texts:
    """Texts, or pairs of texts, in order."""
    import pandas as pd

    if isinstance(model_input, str):
        return [model_input]
    if not isinstance(model_input, pd.DataFrame):
        model_input = pd.DataFrame(model_input if isinstance(model_input, dict) else list(model_input))
    if model_input.empty:
        return []
    columns = [str(column) for column in model_input.columns]
    model_input = model_input.set_axis(columns, axis=1)
    if {"text_a", "text_b"} <= set(columns):
        chosen = ["text_a", "text_b"]
    elif "text" in columns:
        chosen = ["text"]
    elif len(columns) <= 2:
        chosen = columns
    else:
        raise DataError(
            f"The model reads a column 'text', or 'text_a' and 'text_b'; the input has {', '.join(columns)}."
        )
    values = [[str(value) for value in model_input[column]] for column in chosen]
    return list(zip(*values, strict=True)) if len(values) == 2 else values[0]


def _load_pyfunc(data_path: str) -> TextClassifierModel:
    """Called by ``mlflow.pyfunc.load_model``."""
    from tune_dml.models import load_classifier

    return TextClassifierModel(load_classifier(data_path))
