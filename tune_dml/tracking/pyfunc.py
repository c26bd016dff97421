"""The registered model: MLflow loads it from this code and the model folder, without a pickle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from tune_dml.data import cell_text

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd


class Classifier(Protocol):
    """What ``tune_dml.models.load_classifier`` gives."""

    @property
    def label_names(self) -> tuple[str, ...]: ...

    @property
    def gives_probabilities(self) -> bool: ...

    def answers(self, probabilities: npt.NDArray[np.floating[Any]]) -> list[Any]: ...

    def predict_proba(self, texts: Any) -> npt.NDArray[np.floating[Any]]: ...


class TextClassifierModel:
    """``predict`` takes what MLflow hands over and answers with a table."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Labels and probabilities, one row per text.

        Args:
            model_input: A text, or what :class:`tune_dml.models.classifier.Classifier` takes: a DataFrame or a dict
                with the column ``text`` (for pairs ``text_a`` and ``text_b``), a list of texts, of pairs, or of rows
                as dicts.
            params: Ignored; MLflow passes it.

        Returns:
            Columns ``label`` and, where the kind of task has any, for each class ``p(<class>)`` in [0, 1].

        Raises:
            ModelError: the input has none of these forms.
        """
        import numpy as np
        import pandas as pd

        names = self.classifier.label_names
        texts = [model_input] if isinstance(model_input, str) else model_input
        probabilities = np.asarray(self.classifier.predict_proba(texts), dtype=np.float64)
        if not self.classifier.gives_probabilities:
            return pd.DataFrame({"label": self.classifier.answers(probabilities)})
        table = pd.DataFrame(probabilities, columns=probability_columns(names))
        table.insert(0, "label", [cell_text(label) for label in self.classifier.answers(probabilities)])
        return table


def probability_columns(label_names: Sequence[str]) -> list[str]:
    """The columns that hold the class probabilities, in their order."""
    return [f"p({name})" for name in label_names]


def _load_pyfunc(data_path: str) -> TextClassifierModel:
    """Called by ``mlflow.pyfunc.load_model``."""
    from tune_dml.models import load_classifier

    return TextClassifierModel(load_classifier(data_path))
