"""What an encoder's ``config.json`` says, looked at before anything is built of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from transformers import CONFIG_MAPPING, AutoConfig, AutoModel

from tune_dml.errors import ModelError
from tune_dml.models.encoder_source import EncoderSource
from tune_dml.models.structure import text_encoder
from tune_dml.models.tokenizer import first_line, quiet

#: More that it names are a mistake; transformers lists each.
_LABELS = 100_000
_LAYERS = 500


def checked_config(source: EncoderSource) -> Any:
    """It, once it is known that the weights fill what it describes, and that it names no code. transformers builds that
    first, whatever its size, and fills it with random numbers. How attention is computed is no property of the
    weights: here it is in the quickest way that there is.

    Raises:
        ModelError: the weights do not fill it, or it wants code of its own.
    """
    folder = source.folder
    assert folder is not None
    values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    held, tensors = source.parameters, source.tensors
    for name, value in _whole_numbers(values):
        # Every layer has a tensor at least, and no dimension is larger than all weights together; a few layers more may
        # be named that there are not (of a decoder, of Qwen's windows).
        limit = max(tensors, _LAYERS) if _counts_layers(name) else _LABELS if "label" in name else max(held, 1_000_000)
        if value > limit:
            raise ModelError(f"The weights in {folder} are incomplete: config.json says that {name} is {value}.")
    if isinstance(values.get("auto_map"), dict) and values.get("model_type") not in CONFIG_MAPPING:
        raise ModelError(
            f"The encoder in {folder} cannot be loaded: it needs code of its own (model_type "
            f"{values.get('model_type')}), which is never run; take one of a family that transformers has."
        )
    if any("/" in str(values.get(name)) for name in ("attn_implementation", "_attn_implementation")):
        raise ModelError(f"The encoder in {folder} asks for code from the hub, which is never run.")
    config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    config._attn_implementation = None
    with torch.device("meta"):
        model = text_encoder(AutoModel.from_config(config, trust_remote_code=False))
    described = sum(parameter.numel() for parameter in model.parameters())
    if described > 2 * held:  # what little is missing is named once it is loaded
        raise ModelError(f"The weights in {folder} are incomplete: {held:,} numbers of {described:,}.")
    return config


def _counts_layers(name: str) -> bool:
    return "layers" in name or name.endswith("layer")


def loaded(kind: Any, source: EncoderSource) -> tuple[Any, Mapping[str, Any]]:
    """What transformers' class ``kind`` makes of a folder, in float32, and what it says of the loading: safetensors
    only, and no code but its own.

    Raises:
        ModelError: the folder does not hold an encoder that can be loaded.
    """
    assert source.folder is not None, "fetch() comes first"
    quiet()
    try:
        model, loading = kind.from_pretrained(
            source.folder,
            config=checked_config(source),
            use_safetensors=True,
            dtype=torch.float32,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
        )
    except ModelError:
        raise
    except Exception as error:  # a damaged file raises whatever its reader meets first
        if "ignore_mismatched_sizes" in str(error):
            raise ModelError(
                f"The weights in {source.folder} have other shapes than its config.json describes; the two are of "
                "different models. Copy both from one place."
            ) from error
        raise ModelError(f"The encoder in {source.folder} cannot be loaded: {first_line(error)}") from error
    return model, loading


def _whole_numbers(config: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _whole_numbers(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            yield str(name), value
