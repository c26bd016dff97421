"""A saved model, ready to classify texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from tune_dml.config import Probabilities, absolute_path
from tune_dml.errors import ModelError
from tune_dml.models.cutting import Cut, cut_of
from tune_dml.models.embedding import embed
from tune_dml.models.encoder import EncoderBundle, build_encoder, load_bundle, load_tokenizer
from tune_dml.models.folder import MEMBERS, ModelDescription, read_description, read_readout
from tune_dml.models.precision import default_precision
from tune_dml.models.prefix import LayeredEncoder
from tune_dml.models.readouts import class_probabilities
from tune_dml.models.representation import prepared, width
from tune_dml.models.source import EncoderSource, find_encoder
from tune_dml.models.tokens import TokenArrays, tokenize

Text: TypeAlias = str | tuple[str, str]


class Classifier:
    """Classes of texts (or of pairs of texts, for a model trained on pairs).

    Args:
        first: Of an ensemble's further member: the model that it is averaged with.

    Attributes:
        label_names: In the order of the columns of :meth:`predict_proba`.
        description: Everything else that is known of the model.
    """

    def __init__(self, folder: Path, device: str | None = None, first: ModelDescription | None = None) -> None:
        self.description: ModelDescription = read_description(folder)
        if first is not None and _gives(first) != _gives(self.description):
            raise ModelError(f"{folder} has other classes than the model that it is a member of; train it again.")
        self.label_names: tuple[str, ...] = self.description.label_names
        source: EncoderSource = find_encoder(str(folder))
        bundle: EncoderBundle = load_bundle(source)
        self._readout = read_readout(folder, self.description, width(bundle.dimension, self.description.pair_encoding))
        self._tokenizer = load_tokenizer(folder)
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        averaged = self.description.averaged_layers
        encoder = LayeredEncoder(build_encoder(bundle), None, averaged_layers=averaged)
        self._encoder = encoder.to(self._device).eval()
        fast = default_precision(self._device.type)
        # Members have none of their own: folders may lead round in a circle.
        members = sorted((folder / MEMBERS).glob("*")) if first is None else []
        self._members = [Classifier(member, device, self.description) for member in members]
        self._precision = fast if self.description.precision == "bfloat16" else "float32"

    def embed(self, texts: Sequence[Text]) -> npt.NDArray[np.float32]:
        """Vectors ``[texts, dimension]``, as the read-out sees them; of an ensemble, its first member's."""
        first, second = self._columns(texts)
        about = self.description
        if not first:
            return np.empty((0, 0), dtype=np.float32)
        tokens = self._tokens(first, second)
        tokens = prepared(tokens, about.representation, about.max_length, about.pair_encoding)
        return embed(
            self._encoder,
            tokens,
            about.representation,
            about.max_length,
            self._device,
            self._precision,
            pair_encoding=about.pair_encoding,
        )

    def cut(self, texts: Sequence[Text]) -> Cut:
        """How many of the texts are longer than what the model reads, and how much of them it does not read."""
        tokens = self._tokens(*self._columns(texts))
        towers = self.description.pair_encoding == "towers"
        return cut_of(tokens.towers if towers and tokens.towers else tokens, self.description.max_length)

    def _tokens(self, first: list[str], second: list[str] | None) -> TokenArrays:
        about = self.description
        return tokenize(self._tokenizer, first, second, about.max_length, about.truncation, about.prefix)

    def predict_proba(self, texts: Sequence[Text]) -> Probabilities:
        """Class probabilities, float32 ``[texts, classes]``; columns are :attr:`label_names`."""
        vectors = self.embed(texts)
        if not len(vectors):
            return np.empty((0, len(self.label_names)), dtype=np.float32)
        own = class_probabilities(self._readout, vectors)
        everyone = [own, *(member.predict_proba(texts) for member in self._members)]
        return np.asarray(np.mean(everyone, axis=0, dtype=np.float64), dtype=np.float32) if self._members else own

    def predict(self, texts: Sequence[Text]) -> list[str]:
        """The most probable class's name, for each text."""
        return [self.label_names[i] for i in self.predict_proba(texts).argmax(axis=1)]

    def _columns(self, texts: Sequence[Text]) -> tuple[list[str], list[str] | None]:
        if isinstance(texts, str):
            raise ModelError("predict takes a list of texts, not a single one; did you mean [text]?")
        rows = list(texts)
        if self.description.kind == "pair":
            if not all(isinstance(row, tuple | list) and len(row) == 2 for row in rows):
                raise ModelError("This model classifies pairs of texts: give each as (first, second).")
            return [_encodable(row[0]) for row in rows], [_encodable(row[1]) for row in rows]
        if not all(isinstance(row, str) for row in rows):
            raise ModelError("This model classifies single texts: give a list of strings.")
        return [_encodable(row) for row in rows], None


def _encodable(text: object) -> str:
    """Without lone surrogates, which tokenizers refuse."""
    return str(text).encode("utf-8", "replace").decode("utf-8")


def _gives(description: ModelDescription) -> tuple[str, tuple[str, ...]]:
    return description.kind, description.label_names


def load_classifier(folder: str | Path, device: str | None = None) -> Classifier:
    """The classifier in a ``model/`` folder.

    Raises:
        ModelError: the folder is missing, incomplete, damaged or of another kind.
    """
    return Classifier(absolute_path(folder).resolve(), device)
