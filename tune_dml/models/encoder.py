"""An encoder as plain arrays, and back: loaded once by the driver, shared, and built in each worker."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from transformers import AutoConfig, AutoModel

from tune_dml.errors import ConfigurationError, ModelError
from tune_dml.models.config_file import loaded
from tune_dml.models.dropout import QuickDropout, use_quick_dropout
from tune_dml.models.encoder_source import EncoderSource, weights_sha256
from tune_dml.models.facts import EncoderFacts, facts_of
from tune_dml.models.structure import shortened_config, text_encoder
from tune_dml.models.tokenizer import first_line, quiet
from tune_dml.models.tokenizer import load_tokenizer as load_tokenizer
from tune_dml.models.word_head import WordHead, read_word_head


@dataclass(frozen=True)
class EncoderBundle:
    """An encoder without any file: what travels to workers. Arrays are float32 and may be read-only.

    Attributes:
        name: Folder or hub name, as given.
        sha256: Of its weight files.
        config: The Hugging Face configuration as JSON.
        state: Weights by name, without what no representation here uses: pooler, decoder.
        examined: What it can do, where that is known; else it is found when it is first asked for.
        word_head: Of the masked-LM head that it was trained with, where the checkpoint has it.
        base_sha256: Of the weights that masked-LM steps were begun with, if there were any here.
    """

    name: str
    sha256: str
    config: str
    state: dict[str, npt.NDArray[np.float32]] = field(repr=False)
    examined: EncoderFacts | None = field(default=None, repr=False, compare=False)
    word_head: WordHead | None = field(default=None, repr=False, compare=False)
    base_sha256: str = ""

    @property
    def parameters(self) -> int:
        return sum(int(a.size) for a in self.state.values())

    @property
    def body(self) -> int:
        """Parameters that are no word embeddings: time is in proportion to them."""
        return sum(int(a.size) for a in self.state.values() if a.ndim != 2 or a.shape[0] != self.vocabulary)

    @cached_property
    def facts(self) -> EncoderFacts:
        """What it can do."""
        return self.examined or facts_of(_pristine(self))

    @property
    def dimension(self) -> int:
        """Of its hidden states."""
        return self.facts.dimension

    @property
    def layers(self) -> int | None:
        """That can be trained or frozen apart; ``None`` where they cannot be told apart."""
        return self.facts.layers

    @property
    def positions(self) -> int | None:
        """Tokens of a text, special ones included, that it can read; ``None``: any number."""
        return self.facts.positions

    @property
    def vocabulary(self) -> int | None:
        """Tokens that it knows: ids are below; ``None``: any."""
        return self.facts.vocabulary

    @property
    def word_embeddings(self) -> npt.NDArray[np.float32]:
        """Of each token: ``[vocabulary, n]``."""
        found: Any = _pristine(self).get_input_embeddings()  # type: ignore[operator]
        return np.asarray(found.weight.detach().numpy())

    def up_to(self, layer: int | None) -> EncoderBundle:
        """The encoder without the layers above number ``layer`` (1: the lowest); ``None``: as it is.

        Raises:
            ConfigurationError: it has fewer layers, or they cannot be told apart.
        """
        if layer is None:
            return self
        facts, values = self.facts, json.loads(self.config)
        shared = facts.layers is None and facts.runs is not None
        config = None
        if facts.path or shared:
            config = shortened_config(_configuration(self.config), values, layer)
        if config is None or facts.runs is None:
            raise ConfigurationError("The layers of this encoder cannot be told apart; set layer to 'all'.")
        if layer > facts.runs:
            raise ConfigurationError(f"layer is {layer}; this encoder has {facts.runs}.")
        above = tuple(f"{facts.path}.{number}." for number in range(layer, facts.layers or 0))
        state = {name: array for name, array in self.state.items() if not name.startswith(above)}
        known = replace(facts, layers=None if shared else layer, runs=layer, depth=min(facts.depth, layer))
        return EncoderBundle(self.name, f"{self.sha256}:{layer}", json.dumps(config), state, known, self.word_head)


def load_bundle(source: EncoderSource) -> EncoderBundle:
    """Read an encoder's weights from its folder.

    Raises:
        ModelError: the folder does not hold an encoder that ``AutoModel`` can load from safetensors.
    """
    assert source.folder is not None, "fetch() comes first"
    model, loading = loaded(AutoModel, source)
    model = text_encoder(model)
    # transformers fills what is missing with random numbers and only warns.
    missing = [name for name in loading["missing_keys"] if name in model.state_dict()]
    if missing:
        raise ModelError(
            f"The weights in {source.folder} are incomplete: {len(missing)} are missing ({missing[0]}, ...)."
        )
    try:
        facts = facts_of(model)
    except ModelError as error:
        cure = "" if ";" in str(error) else " Take an encoder of texts."
        raise ModelError(f"The encoder in {source.folder} cannot be used: {error}.{cure}") from error
    state = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
    config = model.config.to_json_string(use_diff=False)
    words = read_word_head(source.folder, model.config.to_dict())
    return EncoderBundle(source.name, weights_sha256(source.folder), config, state, facts, words)


_built: dict[str, nn.Module] = {}


def build_encoder(bundle: EncoderBundle, dropout: float | None = None) -> nn.Module:
    """A fresh copy of the encoder, ready to be trained."""
    encoder = copy.deepcopy(_pristine(bundle))
    if dropout is not None:
        _set_dropout(encoder, dropout)
    return encoder


def forget_encoders() -> None:
    """Let go of the copy that this process keeps."""
    _built.clear()


def _pristine(bundle: EncoderBundle) -> nn.Module:
    """The copy that a process keeps to start from: that of the encoder that it built last."""
    model = _built.get(bundle.sha256)
    if model is None:
        quiet()
        model = text_encoder(AutoModel.from_config(_configuration(bundle.config)))
        model.load_state_dict({name: torch.tensor(array) for name, array in bundle.state.items()})
        use_quick_dropout(model)
        _built.clear()
        _built[bundle.sha256] = model
    return model


def check_shortened(bundle: EncoderBundle) -> None:
    """That the weights of :meth:`EncoderBundle.up_to` are those that its configuration describes.

    Raises:
        ConfigurationError: they are not.
    """
    try:
        with torch.device("meta"):
            names = set(text_encoder(AutoModel.from_config(_configuration(bundle.config))).state_dict())
    except Exception as error:  # configurations check themselves in many ways
        raise ConfigurationError(f"This encoder cannot be had with fewer layers: {first_line(error)}") from error
    if names != set(bundle.state):
        raise ConfigurationError("This encoder cannot be had with fewer layers.")


def _configuration(text: str) -> Any:
    values = json.loads(text)
    return AutoConfig.for_model(values.pop("model_type"), **values)


def _set_dropout(encoder: nn.Module, probability: float) -> None:
    for module in list(encoder.modules()):
        if isinstance(module, nn.Dropout):
            module.p = probability
        for name, value in list(vars(module).items()):
            if isinstance(value, float) and "drop" in name and "layer" not in name and "path" not in name:
                setattr(module, name, probability)
        # ModernBERT leaves out what its configuration sets to 0.
        for name, child in module.named_children():
            if isinstance(child, nn.Identity) and "drop" in name:
                setattr(module, name, QuickDropout(probability))
