"""A saved model, ready to classify texts."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from tune_dml.config import Probabilities, absolute_path
from tune_dml.data import KINDS, template
from tune_dml.data.given import GivenTexts, given_texts
from tune_dml.errors import ModelError
from tune_dml.models.description import ModelDescription, read_description
from tune_dml.models.embedding import embed
from tune_dml.models.encoder import EncoderBundle, build_encoder, load_bundle, load_tokenizer
from tune_dml.models.encoder_source import EncoderSource, find_encoder
from tune_dml.models.folder import MEMBERS, read_readout
from tune_dml.models.precision import default_precision
from tune_dml.models.prefix import LayeredEncoder
from tune_dml.models.readouts import class_probabilities
from tune_dml.models.representation import prepared, width
from tune_dml.models.template_pieces import Templates
from tune_dml.models.token_templates import by_tokenizer
from tune_dml.models.tokens import TokenArrays, tokenize
from tune_dml.models.unread import Cut, cut_of
from tune_dml.models.vocabulary import check_known

#: Classes that its ``repr`` names.
_LISTED = 12
Text: TypeAlias = str | tuple[str, str]


class Classifier:
    """Classes of texts (or of pairs of texts, for a model trained on pairs). Any number of threads may use one.

    What its methods take: a list of strings (of pairs of strings), a pandas Series of them, anything with a column
    ``text`` (``text_a`` and ``text_b``), such as a frame or a dict, or a list of such rows as dicts; see
    :func:`tune_dml.data.given.given_texts`. A missing text counts as an empty one, with a warning.

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
        self._prompts = self.description.prompts
        pairs = KINDS[self.description.kind].texts.count > 1
        found = tuple(by_tokenizer(self._tokenizer, template(text, pairs)) for text in self.description.templates)
        self._templates = Templates(found, {len(found): tuple(range(len(found)))}) if found else None
        # Tokenizers keep how texts are cut and padded as a state of their own.
        self._tokenizing = threading.Lock()
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        averaged = self.description.averaged_layers
        encoder = LayeredEncoder(build_encoder(bundle), None, averaged_layers=averaged, traits=bundle.facts.traits)
        self._encoder = encoder.to(self._device).eval()
        fast = default_precision(self._device.type)
        # Members have none of their own: folders may lead round in a circle.
        members = sorted((folder / MEMBERS).glob("*")) if first is None else []
        self._members = [Classifier(member, device, self.description) for member in members]
        self._precision = fast if self.description.precision == "bfloat16" else "float32"

    def __repr__(self) -> str:
        about = self.description
        names = ", ".join(self.label_names[:_LISTED]) + (", ..." if len(self.label_names) > _LISTED else "")
        members = f", an ensemble of {len(self._members) + 1}" if self._members else ""
        what = f"{len(self.label_names)} classes ({names})" if self.gives_probabilities else f"a number ({names})"
        return f"<Classifier of {about.kind} texts into {what}{members}>"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_tokenizing"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _tokenizing=threading.Lock())

    def embed(self, texts: Any) -> npt.NDArray[np.float32]:
        """Vectors ``[texts, dimension]``, as the read-out sees them; of an ensemble, its first member's."""
        found = self._embed(self._given(texts))
        return found if self._prompts is None or not len(found) else self._prompts.answers(found)

    def _embed(self, given: GivenTexts) -> npt.NDArray[np.float32]:
        about = self.description
        if not given.texts:
            return np.empty((0, 0), dtype=np.float32)
        tokens = self._tokens(given)
        if self._prompts is None:
            tokens = prepared(tokens, about.representation, about.max_length, about.pair_encoding)
        else:
            tokens = self._prompts.scored(tokens, about.max_length)
        found = embed(
            self._encoder,
            tokens,
            about.representation,
            about.max_length,
            self._device,
            self._precision,
            pair_encoding=about.pair_encoding,
        )
        return found if self._prompts is None else self._prompts.vectors(found)

    def cut(self, texts: Any) -> Cut:
        """How many of the texts are longer than what the model reads, and how much of them it does not read.

        Raises:
            ModelError: a text has a token that the encoder does not know.
        """
        tokens, encoding = self._tokens(self._given(texts)), self.description.pair_encoding
        tokens = tokens.towers if encoding != "joint" and tokens.towers else tokens
        check_known(tokens, self._encoder.rows, encoding)
        return cut_of(tokens, self.description.max_length)

    def _tokens(self, given: GivenTexts) -> TokenArrays:
        about = self.description
        with self._tokenizing:
            return tokenize(
                self._tokenizer,
                given.texts,
                given.texts_b,
                about.max_length,
                about.truncation,
                about.prefix,
                self._templates,
            )

    @property
    def gives_probabilities(self) -> bool:
        """Whether :meth:`predict_proba` says how sure the model is; where labels are numbers, it is the answer."""
        return KINDS[self.description.kind].target.sure

    def predict_proba(self, texts: Any) -> Probabilities:
        """Class probabilities, float32 ``[texts, classes]``; columns are :attr:`label_names`."""
        return self._probabilities(self._given(texts))

    def predict(self, texts: Any) -> list[Any]:
        """The most probable class's name, for each text; of other kinds what they have, such as several names."""
        return self.answers(self.predict_proba(texts))

    def answers(self, probabilities: Probabilities) -> list[Any]:
        """What :meth:`predict` makes of :meth:`predict_proba`'s."""
        return KINDS[self.description.kind].target.answers(probabilities, self.label_names)

    def _probabilities(self, given: GivenTexts) -> Probabilities:
        vectors = self._embed(given)
        if not len(vectors):
            return np.empty((0, len(self.label_names)), dtype=np.float32)
        own = class_probabilities(self._readout, vectors)
        own = own if self._prompts is None else self._prompts.answers(own)
        everyone = [own, *(member._probabilities(given) for member in self._members)]
        return np.asarray(np.mean(everyone, axis=0, dtype=np.float64), dtype=np.float32) if self._members else own

    def _given(self, texts: Any) -> GivenTexts:
        given = given_texts(texts, KINDS[self.description.kind].texts, self.description.text_columns)
        if given.missing:
            rows = f"{given.missing} of {len(given.texts)} rows"
            warnings.warn(f"{rows} lack a text; they are classified as empty texts.", stacklevel=3)
        return given


def _gives(description: ModelDescription) -> tuple[str, tuple[str, ...]]:
    return description.kind, description.label_names


def load_classifier(folder: str | Path, device: str | None = None) -> Classifier:
    """The classifier in a ``model/`` folder.

    Raises:
        ModelError: the folder is missing, incomplete, damaged or of another kind.
    """
    return Classifier(absolute_path(folder).resolve(), device)
