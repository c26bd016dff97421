"""An encoder as plain arrays, and back: loaded once by the driver, shared, and built in each worker."""

from __future__ import annotations

import copy
import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from tune_dml.errors import ConfigurationError, ModelError
from tune_dml.models.source import EncoderSource, weights_sha256

#: Below this many parameters an encoder counts as small (learning rates, search ranges).
SMALL_PARAMETERS = 100_000_000
#: What configurations call the number of layers, and how weights of a layer are named.
_LAYER_COUNTS = ("num_hidden_layers", "n_layers")
#: More that a ``config.json`` names are a mistake; transformers lists each.
_LABELS = 100_000
_LAYER = re.compile(r"(?:encoder\.|transformer\.)?layers?\.(\d+)\.")


@dataclass(frozen=True)
class EncoderBundle:
    """An encoder without any file: what travels to workers. Arrays are float32 and may be read-only.

    Attributes:
        name: Folder or hub name, as given.
        sha256: Of its weight files.
        config: The Hugging Face configuration as JSON.
        state: Weights by name, without the pooler (no representation here uses it).
    """

    name: str
    sha256: str
    config: str
    state: dict[str, npt.NDArray[np.float32]] = field(repr=False)

    @property
    def parameters(self) -> int:
        return sum(int(a.size) for a in self.state.values())

    @property
    def size(self) -> str:
        """``"small"`` or ``"large"``."""
        return "small" if self.parameters < SMALL_PARAMETERS else "large"

    @property
    def dimension(self) -> int:
        return int(json.loads(self.config)["hidden_size"])

    def up_to(self, layer: int | None) -> EncoderBundle:
        """The encoder without the layers above number ``layer`` (1: the lowest); ``None``: as it is.

        Raises:
            ConfigurationError: it has fewer layers, or they cannot be told apart.
        """
        if layer is None:
            return self
        config = json.loads(self.config)
        count = next((name for name in _LAYER_COUNTS if isinstance(config.get(name), int)), None)
        numbered = {name: _LAYER.match(name) for name in self.state}
        if count is None or not any(numbered.values()):
            raise ConfigurationError("The layers of this encoder cannot be told apart; set layer to 'all'.")
        if layer > config[count]:
            raise ConfigurationError(f"layer is {layer}; this encoder has {config[count]}.")
        config[count] = layer
        state = {name: self.state[name] for name, found in numbered.items() if found is None or int(found[1]) < layer}
        return EncoderBundle(self.name, f"{self.sha256}:{layer}", json.dumps(config), state)


def load_bundle(source: EncoderSource) -> EncoderBundle:
    """Read an encoder's weights from its folder.

    Raises:
        ModelError: the folder does not hold an encoder that ``AutoModel`` can load from safetensors.
    """
    assert source.folder is not None, "fetch() comes first"
    _quiet()
    try:
        _check_size(source.folder, source)
        model, loading = AutoModel.from_pretrained(
            source.folder,
            use_safetensors=True,
            dtype=torch.float32,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
        )
    except ModelError:
        raise
    except Exception as error:  # a damaged file raises whatever its reader meets first
        raise ModelError(f"The encoder in {source.folder} cannot be loaded: {_first_line(error)}") from error
    model = _without_pooler(model)
    # transformers fills what is missing with random numbers and only warns.
    missing = [name for name in loading["missing_keys"] if name in model.state_dict()]
    if missing:
        raise ModelError(
            f"The weights in {source.folder} are incomplete: {len(missing)} are missing ({missing[0]}, ...)."
        )
    if not isinstance(getattr(model.config, "hidden_size", None), int):
        raise ModelError(f"The encoder in {source.folder} has no hidden_size: it is not a text encoder.")
    state = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
    return EncoderBundle(source.name, weights_sha256(source.folder), model.config.to_json_string(use_diff=False), state)


def _check_size(folder: Path, source: EncoderSource) -> None:
    """That the weights fill what ``config.json`` describes, which names no code. transformers builds that first,
    whatever its size, and fills it with random numbers.

    Raises:
        ModelError: they do not.
    """
    values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    held, tensors = source.parameters, source.tensors
    for name, value in _whole_numbers(values):
        # Every layer has a tensor at least, and no dimension is larger than all weights together.
        limit = tensors if "layer" in name else _LABELS if "label" in name else max(held, 1_000_000)
        if value > limit:
            raise ModelError(f"The weights in {folder} are incomplete: config.json says that {name} is {value}.")
    if any("/" in str(values.get(name)) for name in ("attn_implementation", "_attn_implementation")):
        raise ModelError(f"The encoder in {folder} asks for code from the hub, which is never run.")
    config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    with torch.device("meta"):
        model = _without_pooler(AutoModel.from_config(config, trust_remote_code=False))
    described = sum(parameter.numel() for parameter in model.parameters())
    if described > 2 * held:  # what little is missing is named once it is loaded
        raise ModelError(f"The weights in {folder} are incomplete: {held:,} numbers of {described:,}.")


def _whole_numbers(config: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _whole_numbers(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            yield str(name), value


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer beside an encoder (never code from the folder)."""
    _quiet()
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            folder, trust_remote_code=False, local_files_only=True
        )
    except Exception as error:  # tokenizers raises bare exceptions
        raise ModelError(f"The tokenizer in {folder} cannot be loaded: {_first_line(error)}") from error
    return tokenizer


_built: dict[str, nn.Module] = {}


def build_encoder(bundle: EncoderBundle, dropout: float | None = None) -> nn.Module:
    """A fresh copy of the encoder, ready to be trained. Each process keeps one pristine copy to start from."""
    if bundle.sha256 not in _built:
        _quiet()
        values = json.loads(bundle.config)
        config = AutoConfig.for_model(values.pop("model_type"), **values)
        model = _without_pooler(AutoModel.from_config(config))
        model.load_state_dict({name: torch.tensor(array) for name, array in bundle.state.items()})
        _built.clear()
        _built[bundle.sha256] = model
    encoder = copy.deepcopy(_built[bundle.sha256])
    if dropout is not None:
        _set_dropout(encoder, dropout)
    return encoder


def _set_dropout(encoder: nn.Module, probability: float) -> None:
    for module in encoder.modules():
        if isinstance(module, nn.Dropout):
            module.p = probability
        for name in ("dropout_prob", "attention_dropout"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, probability)


def _without_pooler(model: Any) -> Any:
    if getattr(model, "pooler", None) is not None:
        model.pooler = None
    return model


def _quiet() -> None:
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
