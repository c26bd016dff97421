"""The head of an objective, by the recipe."""

from __future__ import annotations

from tune_dml.errors import ConfigurationError
from tune_dml.models.head import ClassificationHead
from tune_dml.models.word_head import WordHead
from tune_dml.recipe import Configuration
from tune_dml.recipe.ingredients.head_layers import MASKED_LM, WORDS
from tune_dml.training.model import Model

#: Before the head, where the encoder keeps its own dropout.
_DROPOUT = 0.1


def head_part(config: Configuration, model: Model, width: int, outputs: int) -> ClassificationHead:
    """What gives ``outputs`` numbers for vectors of this width.

    Raises:
        ConfigurationError: it shall begin with the encoder's masked-LM transform, and the encoder has none, or none for
            such vectors; or with words, and none are named.
    """
    kind = config.of("head_layers")["kind"]
    dropout = config.dropout if config.dropout is not None else _DROPOUT
    words = None if kind not in (MASKED_LM, WORDS) else _words(kind, model, width, outputs)
    return ClassificationHead(kind, width, outputs, dropout, words).to(model.device)


def _words(kind: str, model: Model, width: int, outputs: int) -> WordHead:
    words = model.word_head
    if words is None:
        raise ConfigurationError(f"head is '{kind}', and the encoder has no masked-LM head; --adapt-mlm gives it one.")
    if words.weight.shape[1] != width:
        raise ConfigurationError(f"head '{kind}' reads vectors as the encoder gives them: no towers, no projection.")
    if kind == MASKED_LM:
        return words.without_rows()
    if words.rows is None:
        raise ConfigurationError(f"head is '{WORDS}'; name one for each class with --words.")
    if len(words.rows) != outputs:
        raise ConfigurationError(f"head is '{WORDS}', which is for classes.")
    return words
